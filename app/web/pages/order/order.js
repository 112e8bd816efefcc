// The order's secret comes behind the # of the link or is typed in; it is sent as a bearer only.
const id = location.pathname.split("/").pop();
const ask = document.getElementById("ask");
const said = document.getElementById("said");
const tickets = document.getElementById("tickets");
const SETTLED = ["confirmed", "failed", "expired", "cancelled"];
const WORDS = {
  pending: "Waiting for your payment.",
  expiring: "One moment: we are asking your payment provider.",
  confirmed: "Confirmed. These are your tickets.",
  failed: "The payment failed, and the places are free again.",
  expired: "The time to pay is over, and the places are free again.",
  cancelled: "Cancelled. What was paid is on its way back.",
};

let secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  secret = document.getElementById("secret").value.trim();
  look();
});

if (secret) look();
else ask.hidden = false;

async function look() {
  const order = await read();
  if (!order) return;
  ask.hidden = true;
  said.textContent = `${order.code}: ${WORDS[order.status] ?? order.status}`;
  tickets.replaceChildren(...order.tickets.map(line));
  if (!SETTLED.includes(order.status)) setTimeout(look, 1000);
}

async function read() {
  try {
    const answer = await fetch(`/api/v1/orders/${encodeURIComponent(id)}`, {
      headers: { Authorization: `Bearer ${secret}` },
      credentials: "omit",
    });
    if (answer.ok) return await answer.json();
    said.textContent = "No order with this secret.";
  } catch {
    said.textContent = "We could not be reached. Please try again.";
  }
  ask.hidden = false;
  return null;
}

function line(ticket) {
  const item = document.createElement("li");
  item.textContent = `${ticket.unit}: ${ticket.status}${ticket.code ? `, ${ticket.code}` : ""}`;
  return item;
}
