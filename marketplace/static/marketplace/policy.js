// The policy form's live summary: sends the form to /policy/preview and shows the sentences that come back.
// Without this module the button "Check" does the same with a page load.
const form = document.querySelector("form[data-preview]");
const summary = document.getElementById("summary");
let timer = 0;
let asked = 0;

async function preview() {
  const mine = ++asked;
  try {
    const reply = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
    const text = await reply.text();
    if (reply.ok && mine === asked) summary.innerHTML = text;
  } catch {
    // No connection: the last summary stays, and saving validates again anyway.
  }
}

function showRegime() {
  const regime = form.querySelector("[name=regime]:checked")?.value;
  for (const part of form.querySelectorAll("[data-regime]")) {
    part.hidden = !part.dataset.regime.split(" ").includes(regime);
  }
}

if (form && summary) {
  form.addEventListener("input", () => {
    showRegime();
    clearTimeout(timer);
    timer = setTimeout(preview, 300);
  });
  showRegime();
}
