// The tables. Rows are kept and changed in place, so that a reader's place in them is not lost each second.
function keepRows(body, items, keyOf, create, update) {
  const rows = new Map([...body.children].map(row => [row.dataset.key, row]));
  let before = null;
  for (const item of items) {
    const key = keyOf(item);
    let row = rows.get(key);
    rows.delete(key);
    if (!row) {
      row = make("tr", null, { "data-key": key });
      row.append(...create(item));
    }

    const place = before ? before.nextSibling : body.firstChild;
    if (row !== place) {
      body.insertBefore(row, place);
    }

    update(item, row);
    before = row;
  }

  rows.forEach(row => row.remove());
}

const cells = (...classes) => classes.map(name => make("td", null, name ? { class: name } : {}));

function showEmpty(table, text, columns) {
  const body = table.tBodies[0];
  if (body.children.length === 0) {
    const row = make("tr", null, { "data-key": "" });
    row.append(make("td", text, { colspan: columns, class: "empty" }));
    body.append(row);
  }
}

function stateOf(gate, waiting) {
  return gate.observed ? ["observed", "observed only"]
    : gate.sheddingSince ? ["shedding", "shedding"]
    : waiting > 0 ? ["waiting", "waiting"] : ["calm", "free"];
}

function showGates(table, gates, fields, chosen, choose) {
  keepRows(table.tBodies[0], gates, gate => gate.id, gate => {
    const head = make("th", null, { scope: "row" });
    const button = make("button", gate.id, { type: "button" });
    button.addEventListener("click", () => choose(gate.id));
    head.append(button);
    const state = make("td");
    state.append(make("span", "", { class: "state" }));
    return [head, state, ...cells("n", "n", "n", "parts", "n", "n", "n", "n", "n")];
  }, (gate, row) => {
    const now = byName(fields, gate.row);
    const mean = byName(fields, gate.mean);
    const waiting = sum(Object.values(gate.waiting));
    const [kind, text] = stateOf(gate, waiting);
    const apart = [["exempt", gate.exempt], ["long-lived", gate.longLived], ["observed", gate.observedNow], ["let through by a fault", gate.failedOpen]]
      .filter(([, n]) => n > 0).map(([name, n]) => `+${whole(n)} ${name}`);
    const limit = gate.limitedBy ? `${whole(gate.limit)} (${gate.limitedBy})` : whole(gate.limit);
    const values = [
      null, null, [whole(gate.inFlight), ...apart].join(" "), limit, whole(waiting),
      PRIORITIES.filter(p => gate.waiting[p] > 0).map(p => `${PRIORITY_NAMES[p]} ${whole(gate.waiting[p])}`).join(", ") || "–",
      milliseconds(now["wait.low"] ?? 0), rate(sum(PRIORITIES.map(p => mean[`served.${p}`]))), rate(sum(PRIORITIES.map(p => mean[`refused.${p}`]))),
      whole(sum(Object.values(gate.served))), whole(sum(Object.values(gate.refused))),
    ];
    row.querySelector("button").setAttribute("aria-pressed", String(gate.id === chosen));
    const state = row.querySelector(".state");
    state.dataset.state = kind;
    setText(state, text);
    values.forEach((value, i) => value === null || setText(row.cells[i], value));
  });
}

const LAW_REASONS = {
  Configured: "as it is configured", Hold: "nothing to learn lately", NotBound: "it is not reached, so it stays",
  SlowStart: "growing fast, as nothing queues in the downstream yet", Increase: "growing step by step",
  Follow: "following how much longer requests take than they need", Dip: "lower for a moment, to see how long requests take alone",
  Dropped: "lower, as the downstream timed out or refused", Test: "cut, to tell overload from requests that take longer by nature",
  Shift: "requests take longer by nature: that is no overload",
  Look: "higher for a moment, to see whether lost capacity has come back",
};

function showLaw(element, gate) {
  const bounds = gate.min === gate.max ? whole(gate.min) : `${whole(gate.min)} to ${whole(gate.max)}`;
  setText(element, `Limit of ${gate.id}: ${gate.algorithm}, ${bounds}; it allows ${whole(gate.lawLimit)} now: ${LAW_REASONS[gate.lawReason] ?? gate.lawReason}.`);
}

function showReasons(table, gate, fields) {
  const mean = byName(fields, gate.mean);
  const reasons = Object.entries(gate.reasons).sort(([a, m], [b, n]) => (mean[b] ?? 0) - (mean[a] ?? 0) || n - m);
  keepRows(table.tBodies[0], reasons, ([reason]) => reason, ([reason]) => [make("td", reason), ...cells("n", "n")], ([reason, total], row) => {
    setText(row.cells[1], rate(mean[reason] ?? 0));
    setText(row.cells[2], whole(total));
  });
  showEmpty(table, gate.observed ? "Nothing would have been refused." : "Nothing has been refused.", 3);
}

function showSignals(table, signals) {
  keepRows(table.tBodies[0], signals, signal => signal.name, signal => [make("td", signal.name), ...cells("n", "n", "n")], (signal, row) => {
    setText(row.cells[1], signal.stale ? "no reading" : reading(signal.value));
    setText(row.cells[2], `${reading(signal.soft)} – ${reading(signal.hard)}`);
    setText(row.cells[3], signal.stale ? "does not count" : percent(signal.level));
  });
  showEmpty(table, "No downstream names a signal.", 4);
}

function showPartitions(table, partitions) {
  keepRows(table.tBodies[0], partitions, partition => partition.name, partition => [make("td", partition.name), ...cells("n", "n")], (partition, row) => {
    setText(row.cells[1], `${TENTH.format(partition.seconds)} s`);
    setText(row.cells[2], percent(partition.share));
  });
  showEmpty(table, "Nobody had to wait.", 3);
}

const CHANGE_NAMES = {
  SheddingBegan: "Shedding", SheddingStopped: "Shedding ended", LimitMoved: "Limit",
  SignalUp: "Signal up", SignalDown: "Signal down", SignalStale: "Signal stale", SignalBack: "Signal back", SignalFaulted: "Signal fault",
  Reloaded: "Configuration", ReloadRejected: "Configuration refused",
};

function showChanges(table, changes) {
  const now = Date.now();
  keepRows(table.tBodies[0], changes, change => `${change.at} ${change.kind} ${change.subject}`, change => [
    make("td", now - change.at < 12 * 3600e3 ? clock(change.at) : moment(change.at, now)),
    make("td", [CHANGE_NAMES[change.kind] ?? change.kind, change.subject].filter(text => text).join(": ")), make("td"),
  ], (change, row) => setText(row.cells[2], change.text));
  showEmpty(table, "Nothing yet.", 3);
}

function createConfiguration(table) {
  let rows = [];

  function filter() {
    const wanted = $("filter").value.trim().toLowerCase();
    const onlySet = $("only-set").checked;
    const shown = rows.filter(row => (!onlySet || row.origin !== "default") && (wanted === "" || row.key.toLowerCase().includes(wanted)));
    keepRows(table.tBodies[0], shown, row => row.key, row => [make("td", row.key), ...cells("", "")], (row, element) => {
      element.dataset.set = String(row.origin !== "default");
      setText(element.cells[1], row.value);
      setText(element.cells[2], row.origin);
    });
    showEmpty(table, "No key has that in its name.", 3);
  }

  $("filter").addEventListener("input", filter);
  $("only-set").addEventListener("change", filter);
  return {
    show(configuration) {
      rows = configuration;
      filter();
    },
  };
}
