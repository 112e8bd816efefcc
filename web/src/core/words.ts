/** What the API's codes mean to the person in front of the page. */
import { Problem, Unreached } from "./api";

const SAID: Record<string, [string, string]> = {
  invite_used: ["This code has been used", "Somebody took a number with it a moment ago. Please scan the code that is shown now."],
  invite_expired: ["This code is too old", "Codes change every few minutes. Please scan the code that is shown now."],
  invalid_invite: ["This code is not valid", "Please scan the code that is shown at the counter."],
  line_closed: ["The line is closed", "Nobody can join just now. Please ask at the counter when it opens again."],
  line_full: ["The line is full", "Please try again when a few people have been served."],
  remote_join_refused: ["Please join on the spot", "This line is joined by scanning the code at the counter."],
  not_found: ["This code is not valid", "Please scan the code that is shown at the counter."],
  rate_limited: ["One moment, please", "A lot of people are joining from here. Please try again in a minute."],
  too_many_requests: ["One moment, please", "A lot of people are joining from here. Please try again in a minute."],
  stale_version: ["This has just changed", "Somebody else was faster. Please look again."],
  illegal_transition: ["This has just changed", "That is not possible any more."],
  line_empty: ["Nobody is waiting", "There is nobody to call."],
  line_paused: ["The line is paused", "Open it to call people."],
  too_early: ["Not yet", "Please give them a little more time."],
  not_identified: ["Who is it?", "First check the code that was sent to them, or their words."],
  wrong_code: ["That is not the code", "Please ask again."],
  wrong_alias: ["Those are not the words", "Please ask again."],
  no_code: ["They have no code", "Please ask for their words."],
  code_expired: ["That code is too old", "Call them again, and they get a new one."],
  tries_spent: ["Too many tries", "Call them again, and they get a new code."],
  forbidden: ["You may not do this", "This line is not one of yours."],
  alias_taken: ["That name is taken", "Somebody in line uses it already. Please choose another one."],
};

export interface Said {
  title: string;
  text: string;
}

export function said(error: unknown): Said {
  if (error instanceof Problem) {
    const known = SAID[error.code];
    if (known) return { title: known[0], text: known[1] };
    if (error.status === 422) return { title: "Please check what you typed", text: fieldTrouble(error) };
    const title = error.data["title"];
    return { title: typeof title === "string" ? title : "That did not work", text: error.detail };
  }
  if (error instanceof Unreached) return { title: "No connection", text: "We could not be reached. Please try again." };
  return { title: "That did not work", text: "Please try again." };
}

function fieldTrouble(problem: Problem): string {
  const errors = problem.data["errors"];
  const fields = Array.isArray(errors) ? errors.map((e: { loc?: unknown[] }) => String(e.loc?.at(-1))) : [];
  if (fields.includes("phone")) return "This is not a phone number we can reach. Please begin with + and the country code.";
  if (fields.includes("email")) return "This is not an email address.";
  if (fields.includes("alias")) return "Please choose a shorter and simpler name.";
  return problem.detail;
}
