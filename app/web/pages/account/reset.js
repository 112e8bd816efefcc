import { hide, onSubmit, post, say, show, takeSecret } from "./page.js";

const secret = takeSecret();

show(secret ? "choose" : "ask");

onSubmit("ask", async () => {
  const email = document.getElementById("email").value;
  const refused = await post("auth/password/forgot", { email });
  if (!refused) hide("ask");
  say(refused ?? "If an account has this address, the link is on its way.");
});

onSubmit("choose", async () => {
  const password = document.getElementById("password").value;
  const refused = await post("auth/password/reset", { secret, password });
  if (!refused) hide("choose");
  say(refused ?? "Your password is set. Sign in with it.");
});
