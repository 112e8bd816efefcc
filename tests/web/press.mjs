// Runs one of our pages as a browser would, as far as these pages ask for one: their HTML's elements by id,
// the address, fetch. Arguments: directory of the page, its name, its URL, and what is typed in by id.
// Presses the button of the form that is shown, twice, and prints what could be seen in between.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [directory, name, url, typed] = process.argv.slice(2);
const html = readFileSync(`${directory}/${name}.html`, "utf8");
const address = new URL(url);
const elements = new Map();

for (const [tag, id] of html.matchAll(/<[a-z]+ id="([a-z]+)"[^>]*>/g)) {
  const button = { disabled: false };
  const element = {
    hidden: / hidden[ >]/.test(tag),
    value: JSON.parse(typed)[id] ?? "",
    textContent: "",
    querySelector: () => button,
    addEventListener: (_, listener) => (element.submit = listener),
  };
  elements.set(id, element);
}

const seen = { addresses: [], sent: [] };
globalThis.document = { getElementById: (id) => elements.get(id) };
globalThis.location = address;
globalThis.history = { replaceState: (_state, _title, path) => (address.hash = "", seen.addresses.push(path)) };
const fetchIt = globalThis.fetch;
globalThis.fetch = (path, options) => {
  const target = new URL(path, address);
  seen.sent.push({ path: target.pathname, search: target.search, credentials: options.credentials });
  return fetchIt(target, options);
};

await import(pathToFileURL(`${directory}/${name}.js`));
seen.shown = [...elements].filter(([, element]) => element.submit && !element.hidden).map(([id]) => id);
seen.said = [elements.get("said").textContent];
for (const id of [seen.shown[0], seen.shown[0]].filter(Boolean)) {
  await elements.get(id).submit({ preventDefault: () => {} });
  seen.said.push(elements.get("said").textContent);
}
console.log(JSON.stringify(seen));
