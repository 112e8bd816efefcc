"""Whether pages show the same, and for how long they did not."""

from __future__ import annotations

from tests.pages.browser import Screen

SAMPLE = """() => {
  window.samples = [];
  const look = () => [...document.querySelectorAll(".now li strong")].map((one) => one.textContent).join();
  const sample = () => window.samples.push([Date.now(), look()]);
  setInterval(sample, 50);
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(sample).observe(document.body, all);
}"""
Samples = list[tuple[int, str]]


async def until_they_show(screens: list[Screen], numbers: list[str]) -> None:
    for screen in screens:
        await screen.page.wait_for_function(
            "wanted => [...document.querySelectorAll('.now li strong')].map((one) => one.textContent)"
            ".join() === wanted",
            arg=",".join(numbers),
        )


def longest(first: Samples, second: Samples) -> int:
    """The longest time in ms for which two pages differed, from samples of both."""
    shown = {0: first[0][1], 1: second[0][1]}
    worst, since = 0, None
    for at, which, text in sorted(
        [(at, 0, text) for at, text in first] + [(at, 1, text) for at, text in second]
    ):
        shown[which] = text
        if since is not None:
            worst = max(worst, at - since)
        since = None if shown[0] == shown[1] else since or at
    return worst
