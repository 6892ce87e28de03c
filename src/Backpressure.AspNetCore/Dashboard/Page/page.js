// Puts the parts together: one state, shown anew with each event.
let snapshot = null;
let changes = [];
let chosen = null;
let byHand = false;
let fields = [];
let loading = false;

let said;
const announce = text => {
  // Said even where it is what was said before.
  clearTimeout(said);
  said = setTimeout(() => setText($("announce"), text), 100);
};

const ring = createRing();
const charts = createCharts($("charts"), ring, announce);
const headline = createHeadline(announce);
const who = createWho($("who"));
const configuration = createConfiguration($("configuration"));

const levels = () => Object.fromEntries(snapshot.signals.map(signal => [signal.name, signal.level]));

function choose(id) {
  byHand = true;
  follow(id);
}

function follow(id) {
  if (id !== chosen) {
    chosen = id;
    ring.clear();
    charts.mark(changes, downstreamOf(id));
    load(false);
    show();
  }
}

function downstreamOf(id) {
  return snapshot?.gates.find(gate => gate.id === id)?.downstream ?? id;
}

// Whoever has not chosen sees where the trouble is, or else where most goes on.
function pick() {
  const known = snapshot.gates.some(gate => gate.id === chosen);
  if (byHand && known) {
    return;
  }

  const trouble = snapshot.headlines[0].gate;
  const busiest = [...snapshot.gates].sort((a, b) => sum(Object.values(b.served)) - sum(Object.values(a.served)))[0];
  if (trouble) {
    follow(trouble);
  } else if (!known && busiest) {
    follow(busiest.id);
  }
}

async function load(keepOlder) {
  if (loading) {
    return;
  }

  loading = true;
  const gate = chosen;
  let history;
  try {
    history = await fetchHistory(gate);
  } catch {
    // The stream tells of a server that is gone; the next event asks again.
    return;
  } finally {
    loading = false;
  }

  if (gate !== chosen) {
    load(false);
    return;
  }

  // One without a history (there are too many gates) begins one here.
  const one = snapshot.gates.find(other => other.id === gate);
  ring.load(history ?? { fields, signals: Object.keys(levels()), rows: one ? [[snapshot.at / 1000, ...one.row, ...Object.values(levels())]] : [] }, keepOlder);
  show();
}

function show() {
  const gate = snapshot?.gates.find(one => one.id === chosen);
  if (!gate) {
    return;
  }

  document.querySelectorAll("[data-gate-name]").forEach(element => setText(element, snapshot.gates.length > 1 ? `at ${gate.id}` : ""));
  headline.show(snapshot);
  showGates($("gates"), snapshot.gates, fields, chosen, choose);
  showLaw($("law"), gate);
  who.show(gate, fields);
  showReasons($("reasons"), gate, fields);
  showSignals($("signals"), snapshot.signals);
  showPartitions($("partitions"), snapshot.partitions);
  if (!document.hidden) {
    charts.draw(gate.observed);
  }
}

connect({
  open() {
    $("link").dataset.link = "live";
    document.body.classList.remove("lost");
  },

  lost() {
    $("link").dataset.link = "lost";
    document.body.classList.add("lost");
    setText($("link"), snapshot ? `No connection; this is of ${clock(snapshot.at)}. Trying again…` : "No connection. Trying again…");
    announce("No connection. Trying again.");
  },

  snapshot(event) {
    snapshot = event;
    fields = event.fields;
    setText($("service"), event.service);
    setText($("link"), `Live, ${clock(event.at)}`);
    pick();
    const gate = event.gates.find(one => one.id === chosen);
    if (gate && !ring.add(event.at / 1000, gate.row, levels())) {
      load(true);
    }

    show();
  },

  changes(event) {
    changes = event;
    charts.mark(changes, downstreamOf(chosen));
    showChanges($("changes"), changes);
  },

  configuration(event) {
    configuration.show(event);
  },
});

addEventListener("visibilitychange", show);
new ResizeObserver(() => charts.resize()).observe($("charts"));
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", () => charts.repaint());
}
