// Says beside the picture how fast it is; without this script the picture is shown all the same.
"use strict";

const say = (id, text) => { document.getElementById(id).textContent = text; };

async function tell() {
  try {
    const state = await (await fetch("/api/live")).json();
    if ("rate_hz" in state) {
      say("live-rate", `${state.rate_hz.toFixed(1)} a second`);
      const stages = Object.entries(state.timings_s).map(([name, s]) => `${name} ${Math.round(1000 * s)} ms`);
      say("live-work", `${Math.round(1000 * state.work_s)} ms (${stages.join(", ")})`);
      say("live-missed", `${state.missed} of the camera's pictures`);
    }
  } catch {
    say("live-rate", "ended");
    return;
  }
  setTimeout(tell, 500);
}

tell();
