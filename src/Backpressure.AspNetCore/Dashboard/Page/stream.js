// Live events, and the history behind them. When the server goes away it is asked again, ever less often, for as long as the page is open.
const HERE = location.pathname.replace(/\/+$/, "");
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 10000;

function connect(handlers) {
  let pause = FIRST_PAUSE;
  let source;
  let overdue;

  // A stream that is silent for this long is dead, whatever the network says.
  function expect() {
    clearTimeout(overdue);
    overdue = setTimeout(again, 15000);
  }

  function again() {
    source.close();
    clearTimeout(overdue);
    handlers.lost();
    setTimeout(open, pause);
    pause = Math.min(LONGEST_PAUSE, pause * 1.6);
  }

  function open() {
    source = new EventSource(`${HERE}/events`);
    source.onopen = () => {
      pause = FIRST_PAUSE;
      expect();
      handlers.open();
    };
    source.onerror = again;
    for (const name of ["snapshot", "changes", "configuration"]) {
      source.addEventListener(name, event => {
        expect();
        handlers[name](JSON.parse(event.data));
      });
    }
  }

  open();
}

async function fetchHistory(gate) {
  const response = await fetch(`${HERE}/history?gate=${encodeURIComponent(gate)}`);
  return response.ok ? response.json() : null;
}
