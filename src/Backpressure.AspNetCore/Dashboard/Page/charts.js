// The charts of one gate. uPlot draws them; here is only what they show, and how they are read without a mouse.
const CHANGES_SHOWN = { SheddingBegan: "--refused", SheddingStopped: "--calm", Reloaded: "--note" };
const DASHES = [[], [8, 4], [3, 3], [10, 3, 2, 3], [1, 4], [14, 5]];

function perPriority(ring, prefix) {
  return PRIORITIES.map((priority, i) => ({
    label: PRIORITY_NAMES[priority], stroke: `--${priority}`, dash: DASHES[i], values: ring.column(`${prefix}.${priority}`), optional: true,
  }));
}

// Of each chart: what it is called, and its lines. A line with "optional" is left out of the key while it has been zero throughout.
const CHARTS = [
  {
    id: "requests", title: "Requests a second: served, and refused on top", stacked: true, show: rate,
    lines(ring) {
      const served = ring.columns("served.");
      const refused = ring.columns("refused.");
      return [
        { label: "Served", worded: true, stroke: "--served", fill: true, values: added(served) },
        { label: "Refused", worded: true, stroke: "--refused", dash: [6, 3], fill: true, values: added(refused) },
      ];
    },
  },
  { id: "refused", title: "Refused a second, by priority", show: rate, lines: ring => perPriority(ring, "refused") },
  {
    id: "limit", title: "In flight, and the limit", show: rate,
    lines: ring => [
      { label: "In flight", stroke: "--in-flight", fill: true, values: ring.column("inFlight") },
      { label: "Limit", stroke: "--limit", dash: [6, 3], values: ring.column("limit") },
    ],
  },
  { id: "waiting", title: "Waiting, by priority", show: rate, lines: ring => perPriority(ring, "waiting") },
  { id: "wait", title: "How long a newcomer waits, by priority", show: milliseconds, lines: ring => perPriority(ring, "wait") },
  {
    id: "reasons", title: "Refused a second, by reason", show: rate,
    lines: ring => ring.fields().filter(field => /^[a-z]+_[a-z_]+$|^evicted$/.test(field)).map(field => ({ label: field, values: ring.column(field) }))
      .filter(line => line.values.some(n => n > 0)).slice(0, 6)
      .map((line, i) => ({ ...line, stroke: `--r${i + 1}`, dash: DASHES[i] })),
  },
  {
    id: "levels", title: "Signals: how strongly each lowers the limit", show: percent, most: 1,
    lines: ring => ring.signals.slice(0, 6).map((name, i) => ({ label: name, stroke: `--r${i + 1}`, dash: DASHES[i], values: ring.signal(name) })),
  },
];

function added(columns) {
  return columns.length === 0 ? [] : columns[0].map((_, i) => columns.every(column => column[i] === null) ? null : sum(columns.map(column => column[i])));
}

function createCharts(container, ring, announce) {
  const drawn = new Map();
  let marks = [];

  function draw(chart, observed) {
    const times = ring.times();
    const lines = chart.lines(ring);
    let entry = drawn.get(chart.id);
    if (lines.length === 0) {
      if (entry) {
        remove(chart.id, entry);
      }

      return;
    }

    lines.forEach(line => line.label = line.worded ? worded(line.label, observed) : line.label);
    const names = [observed, ...lines.map(line => line.label)].join();
    if (entry && entry.names !== names) {
      remove(chart.id, entry);
      entry = undefined;
    }

    // Stacked: each line is drawn at its height above those before it, and the key still tells its own value.
    const heights = lines.map((line, i) => !chart.stacked || i === 0 ? line.values : added([lines[i - 1].values, line.values]));
    if (!entry) {
      entry = create(chart, lines, names, observed);
      drawn.set(chart.id, entry);
    }

    entry.times = times;
    entry.lines = lines;
    entry.plot.setData([times, ...heights]);
    tell(entry);
  }

  function create(chart, lines, names, observed) {
    const figure = make("div", null, { class: "chart", id: `chart-${chart.id}` });
    const title = make("h3", worded(chart.title, observed), { id: `title-${chart.id}` });
    const key = make("ul", null, { class: "key" });
    const target = make("div", null, { class: "plot", tabindex: "0", role: "group", "aria-labelledby": `title-${chart.id}`, "aria-describedby": "charts-title" });
    figure.append(title, key, target);
    place(figure, chart);
    const values = lines.map(line => {
      const item = make("li");
      const swatch = make("i");
      const value = make("b", "–");
      item.append(swatch, `${line.label} `, value);
      key.append(item);
      return { item, swatch, value };
    });
    const entry = { chart, figure, names, values, target, times: [], lines, plot: null };
    entry.plot = new uPlot(options(chart, lines, target.clientWidth || 400, entry), [[], ...lines.map(() => [])], target);
    target.addEventListener("keydown", event => step(entry, event));
    paint(entry);
    return entry;
  }

  // In the order of the list, whichever came into being first.
  function place(figure, chart) {
    const later = CHARTS.slice(CHARTS.indexOf(chart) + 1).map(other => drawn.get(other.id)).find(other => other);
    container.insertBefore(figure, later ? later.figure : null);
  }

  function options(chart, lines, width, entry) {
    return {
      width, height: 170, legend: { show: false }, padding: [8, 6, 0, 0],
      cursor: { sync: { key: "all" }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: true, range: (_, from, to) => [Math.min(from, to - 60), to] }, y: { range: (_, low, high) => [0, chart.most ?? Math.max(1, (high ?? 0) * 1.08)] } },
      axes: [
        { stroke: () => color("--dim"), grid: { show: false }, ticks: { stroke: () => color("--line"), size: 4 }, size: 26, space: 70,
          values: (_, at) => at.map(t => t % 60 === 0 ? MINUTE.format(t * 1000) : CLOCK.format(t * 1000)) },
        { stroke: () => color("--dim"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { show: false }, size: 52, space: 34,
          values: (_, at) => at.map(n => n === 0 ? "0" : chart.show(n)) },
      ],
      series: [{}, ...lines.map(line => ({
        label: line.label, width: 2, dash: line.dash, points: { show: false }, spanGaps: false,
        stroke: () => color(line.stroke),
        fill: line.fill && !(chart.stacked && line === lines[1]) ? () => color(line.stroke) + "33" : undefined,
      }))],
      bands: chart.stacked ? [{ series: [2, 1], fill: () => color(lines[1].stroke) + "66" }] : [],
      hooks: { setCursor: [() => tell(entry)], drawClear: [drawMarks] },
    };
  }

  function drawMarks(plot) {
    const { ctx, bbox } = plot;
    const [from, to] = [plot.scales.x.min, plot.scales.x.max];
    ctx.save();
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = 1.5;
    for (const mark of marks) {
      if (mark.at >= from && mark.at <= to) {
        const x = Math.round(plot.valToPos(mark.at, "x", true));
        ctx.strokeStyle = color(mark.stroke);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
    }

    ctx.restore();
  }

  // The key tells what is under the cursor, or else what is now.
  function tell(entry) {
    const index = entry.plot?.cursor.idx ?? entry.times.length - 1;
    entry.lines.forEach((line, i) => {
      const n = line.values[index];
      setText(entry.values[i].value, n === null || n === undefined ? "–" : entry.chart.show(n));
      entry.values[i].item.hidden = Boolean(line.optional) && !line.values.some(v => v > 0);
    });
  }

  function step(entry, event) {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -60, PageDown: 60, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") {
      entry.plot.setCursor({ left: -10, top: -10 });
      return;
    }

    if (move === undefined || entry.times.length === 0) {
      return;
    }

    event.preventDefault();
    const last = entry.times.length - 1;
    const index = Math.max(0, Math.min(last, (entry.plot.cursor.idx ?? last) + move));
    entry.plot.setCursor({ left: entry.plot.valToPos(entry.times[index], "x"), top: 10 });
    const told = entry.lines.filter((_, i) => !entry.values[i].item.hidden).map(line => `${line.label} ${line.values[index] === null ? "not known" : entry.chart.show(line.values[index])}`);
    announce(`${clock(entry.times[index] * 1000)}: ${told.join(", ")}`);
  }

  function paint(entry) {
    entry.lines.forEach((line, i) => {
      entry.values[i].swatch.style.borderTopColor = color(line.stroke);
      entry.values[i].swatch.style.borderTopStyle = line.dash?.length > 0 ? "dashed" : "solid";
    });
  }

  function remove(id, entry) {
    entry.plot.destroy();
    entry.figure.remove();
    drawn.delete(id);
  }

  return {
    draw(observed) {
      CHARTS.forEach(chart => draw(chart, observed));
    },

    mark(changes, gate) {
      marks = changes.filter(change => change.kind in CHANGES_SHOWN && (change.subject === "" || change.subject === gate))
        .map(change => ({ at: change.at / 1000, stroke: CHANGES_SHOWN[change.kind] }));
    },

    resize() {
      for (const entry of drawn.values()) {
        entry.plot.setSize({ width: entry.target.clientWidth, height: 170 });
      }
    },

    repaint() {
      for (const entry of drawn.values()) {
        paint(entry);
        entry.plot.redraw(false, true);
      }
    },

    drawn,
  };
}
