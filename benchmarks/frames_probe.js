// Measures from an input event to the frame that shows its effect. Components count their paints on their canvases.
(() => {
  const found = new Set();
  const collect = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) collect(element.shadowRoot);
      if (element.tagName === "CANVAS") found.add(element);
    }
  };
  const countPaints = (within) => {
    let sum = 0;
    for (const canvas of found) {
      if (canvas.isConnected && (!within || canvas.matches(within) || canvas.closest(within))) sum += canvas.paints ?? 0;
    }
    return sum;
  };
  const channel = new MessageChannel();
  const afterFrame = [];
  channel.port1.onmessage = () => afterFrame.splice(0).forEach((run) => run());
  const watch = { kind: null, within: null, samples: [], skipped: 0 };

  const follow = (start, before, framesLeft) => requestAnimationFrame(() => {
    afterFrame.push(() => {
      if (countPaints(watch.within) > before) {
        const now = performance.now();
        watch.samples.push([now - start.handled, now - start.stamped]);
      } else if (framesLeft > 0) follow(start, before, framesLeft - 1);
      else watch.skipped++;
    });
    channel.port2.postMessage(0);
  });

  // Follow one kind of event on `window`; `within` is a CSS selector of the canvases that show its effect.
  window.startProbe = (kind, within = null, mostFrames = 600) => {
    found.clear();
    collect(document);
    Object.assign(watch, { kind, within, samples: [], skipped: 0 });
    window.stopProbe?.();
    const listener = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      follow({ handled: performance.now(), stamped: event.timeStamp }, countPaints(within), mostFrames);
    };
    window.addEventListener(kind, listener, { capture: true, passive: true });
    window.stopProbe = () => window.removeEventListener(kind, listener, { capture: true });
  };
  window.readProbe = () => ({ samples: watch.samples, skipped: watch.skipped });
  window.collectCanvases = () => { found.clear(); collect(document); return found.size; };
  window.countPaints = (within) => { window.collectCanvases(); return countPaints(within); };

  // From the end of a loop on the map until every picture in sight is drawn.
  const listTiles = () => { window.collectCanvases(); return [...found].filter((canvas) => canvas.closest(".tile")); };
  window.awaitTiles = () => {
    const before = new Map(listTiles().map((tile) => [tile, tile.paints ?? 0]));
    const ended = new Promise((resolve) => {
      window.addEventListener("pointerup", () => resolve(performance.now()), { capture: true, once: true });
    });
    window.tilesCame = async () => {
      const start = await ended;
      for (;;) {
        await new Promise(requestAnimationFrame);
        const tiles = listTiles();
        if (tiles.length && tiles.every((tile) => (tile.paints ?? 0) > (before.get(tile) ?? 0))) break;
        if (performance.now() - start > 10000) break;
      }
      return performance.now() - start;
    };
  };

  // Times between frames while something moves.
  window.startFrames = () => {
    const times = [];
    let last = 0, going = true;
    const step = (now) => { if (last) times.push(now - last); last = now; if (going) requestAnimationFrame(step); };
    requestAnimationFrame(step);
    window.stopFrames = () => { going = false; return times; };
  };
})();
