import { hide, onSubmit, post, say, show, takeSecret } from "./page.js";

const secret = takeSecret();

if (secret) {
  show("confirm");
} else {
  say("This link is not complete. Open it from the mail again.");
}

onSubmit("confirm", async () => {
  const refused = await post("auth/verify", { secret });
  if (!refused) hide("confirm");
  say(refused ?? "Thank you. Your email address is confirmed.");
});
