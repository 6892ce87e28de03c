// What an operator must know in five seconds: what is shed, why, since when, what to do, and who gets through all the same.
const BADGES = {
  Calm: "All well", Observing: "Observing", Stopping: "Stopping", Off: "Off", RateLimited: "Rate limits",
  Waiting: "Waiting", WouldShed: "Would shed", Shedding: "Shedding", Critical: "Critical work lost",
};

function createHeadline(announce) {
  let told = "";

  function titleOf(headline, now) {
    return headline.since ? `${headline.title} since ${moment(headline.since, now)}` : headline.title;
  }

  return {
    show(snapshot) {
      const [worst, ...others] = snapshot.headlines;
      const title = titleOf(worst, snapshot.at);
      $("headline").dataset.state = worst.state;
      setText($("badge"), worst.since ? `${BADGES[worst.state]} for ${span(snapshot.at - worst.since)}` : BADGES[worst.state]);
      setText($("title"), title);
      setText($("why"), worst.why);
      setText($("do"), worst.do);
      const also = $("also");
      also.replaceChildren(...others.slice(0, 4).map(other => make("li", `${titleOf(other, snapshot.at)}. ${other.why}`)));
      document.title = worst.state === "Calm" ? `Backpressure ${snapshot.service}` : `${BADGES[worst.state]}: ${title}`;
      if (title !== told) {
        // Once for each change of what happens, not each second.
        announce(`${title}. ${worst.why} ${worst.do}`);
        told = title;
      }
    },
  };
}

function createWho(list) {
  const tiles = new Map(PRIORITIES.map(priority => {
    const item = make("li", null, { "data-priority": priority });
    const parts = Object.fromEntries(["name", "verdict", "bar", "figures"].map(name => [name, make("p", null, { class: name })]));
    parts.bar.setAttribute("aria-hidden", "true");
    const served = make("i", null, { class: "served" });
    const refused = make("i", null, { class: "refused" });
    parts.bar.append(served, refused);
    parts.name.textContent = PRIORITY_NAMES[priority];
    item.append(parts.name, parts.verdict, parts.bar, parts.figures);
    list.append(item);
    return [priority, { item, served, refused, ...parts }];
  }));

  return {
    show(gate, fields) {
      const mean = byName(fields, gate.mean);
      for (const [priority, tile] of tiles) {
        const served = mean[`served.${priority}`] ?? 0;
        const refused = mean[`refused.${priority}`] ?? 0;
        const all = served + refused;
        tile.item.style.setProperty("--swatch", `var(--${priority})`);
        setText(tile.verdict, all < 0.05 ? "no requests" : refused < 0.05 ? (gate.observed ? "would be served" : "all served") : `${percent(refused / all)} ${gate.observed ? "would be refused" : "refused"}`);
        tile.served.style.width = all < 0.05 ? "0" : `${100 * served / all}%`;
        tile.refused.style.width = all < 0.05 ? "0" : `${100 * refused / all}%`;
        setText(tile.figures, worded(`${rate(served)}/s served, ${rate(refused)}/s refused`, gate.observed));
      }
    },
  };
}
