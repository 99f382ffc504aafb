// Small pictures that are drawn when they come.

import { fitCanvas, make } from "../shared/dom.js";

const THUMB_PATIENCE = 3000;

/** Return {make(key, label), show(canvas, key), release()} on a channel of small pictures. */
export function makeThumbs(channel) {
  const shown = new Map();
  const end = channel.onArrival((keys) => {
    const came = new Set(keys);
    for (const [canvas, key] of shown) {
      if (!canvas.isConnected) shown.delete(canvas);
      else if (came.has(key)) drawThumb(canvas, channel.get(key));
    }
  });
  const show = (canvas, key) => {
    shown.set(canvas, key);
    canvas.isDrawn = false;
    const picture = channel.get(key);
    drawThumb(canvas, picture);
    if (picture === undefined) channel.request([key]);
  };
  /** Ask again for what has not come: a wish may be lost with the network. */
  const remind = () => {
    const missing = [...shown].filter(([canvas]) => canvas.isConnected && !canvas.isDrawn).map(([, key]) => key);
    if (missing.length) channel.request(missing);
  };
  const timer = setInterval(remind, THUMB_PATIENCE);
  return {
    show,
    make(key, label) {
      const canvas = make("canvas", { class: "thumb", role: "img", "aria-label": label });
      requestAnimationFrame(() => show(canvas, key));
      return canvas;
    },
    forget: (canvas) => shown.delete(canvas),
    redraw() { for (const [canvas, key] of shown) drawThumb(canvas, channel.get(key)); },
    release() {
      clearInterval(timer);
      end();
    },
  };
}

/** Fill a canvas with the middle of a picture. `canvas.isDrawn` tells whether a picture, or its absence, is seen. */
function drawThumb(canvas, picture) {
  const [width, height] = fitCanvas(canvas);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  canvas.isDrawn = picture !== undefined;
  canvas.classList.toggle("unreadable", picture === null);
  if (picture) {
    const scale = Math.max(width / picture.width, height / picture.height);
    const [w, h] = [width / scale, height / scale];
    context.drawImage(picture, (picture.width - w) / 2, (picture.height - h) / 2, w, h, 0, 0, width, height);
  }
  canvas.paints = (canvas.paints ?? 0) + 1;
}
