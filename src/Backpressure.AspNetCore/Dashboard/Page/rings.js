// The last ten minutes of the gate that is looked at: columns that never hold more than so many rows, however long the page is open.
const MOST_ROWS = 600;

function createRing() {
  let fields = [];
  let signals = [];
  let rows = [];

  function trim() {
    const oldest = rows.length > 0 ? rows[rows.length - 1][0] - MOST_ROWS : 0;
    let drop = Math.max(0, rows.length - MOST_ROWS);
    while (drop < rows.length && rows[drop][0] < oldest) {
      drop++;
    }

    if (drop > 0) {
      rows.splice(0, drop);
    }
  }

  return {
    // Takes over what the server has kept; what this page saw before that (of a process that has ended) stays, after a gap.
    load(history, keepOlder) {
      const older = keepOlder && history.rows.length > 0 && String(history.fields) === String(fields) && String(history.signals) === String(signals)
        ? rows.filter(row => row[0] < history.rows[0][0] - 0.5)
        : [];
      if (older.length > 0 && history.rows[0][0] - older[older.length - 1][0] > 3) {
        older.push([history.rows[0][0] - 0.5, ...history.rows[0].slice(1).map(() => null)]);
      }

      fields = history.fields;
      signals = history.signals;
      rows = [...older, ...history.rows];
      trim();
    },

    // Returns false where there is a gap, or another set of columns, so that the history has to be asked for.
    add(at, row, levels) {
      const last = rows.length > 0 ? rows[rows.length - 1][0] : null;
      const unknown = signals.length < 64 && Object.keys(levels).some(name => !signals.includes(name));
      if (last === null || at - last > 3.5 || unknown) {
        return false;
      }

      if (at > last + 0.2) {
        rows.push([at, ...row, ...signals.map(name => levels[name] ?? null)]);
        trim();
      }

      return true;
    },

    clear() {
      rows = [];
    },

    get signals() {
      return signals;
    },

    get length() {
      return rows.length;
    },

    times() {
      return rows.map(row => row[0]);
    },

    column(name) {
      const i = fields.indexOf(name) + 1;
      return rows.map(row => i > 0 ? row[i] ?? null : null);
    },

    signal(name) {
      const i = fields.length + signals.indexOf(name) + 1;
      return rows.map(row => row[i] ?? null);
    },

    columns(prefix) {
      return fields.filter(field => field.startsWith(prefix)).map(field => this.column(field));
    },

    fields() {
      return fields;
    },
  };
}
