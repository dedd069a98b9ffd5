// Training progress: asks /progress every second until the job has ended, then reloads the page once.
// Without this module the page shows the state it was loaded with.
const ENDED = new Set(["done", "failed", "cancelled"]);

for (const box of document.querySelectorAll("[data-progress]")) {
  const bar = box.querySelector("progress");
  const stage = box.querySelector("[data-stage]");
  let wait = 1000;

  async function ask() {
    try {
      const reply = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (!reply.ok) throw new Error(String(reply.status));
      const job = await reply.json();
      wait = 1000;
      if (ENDED.has(job.state)) return location.reload();
      if (job.total > 0) {
        bar.max = job.total;
        bar.value = job.done;
      } else {
        bar.removeAttribute("value");
      }
      if (stage.textContent !== job.sentence) stage.textContent = job.sentence;
    } catch {
      wait = Math.min(wait * 2, 30000); // the server may be restarting: ask again, less often
    }
    setTimeout(ask, wait);
  }

  setTimeout(ask, wait);
}
