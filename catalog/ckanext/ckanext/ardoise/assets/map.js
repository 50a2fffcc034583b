/* Moves and magnifies a map that is drawn already: buttons, keys, wheel with Ctrl, dragging. Without it, all is shown. */
(function () {
  "use strict";
  function ready(figure) {
    var svg = figure.querySelector("svg"), whole = svg.viewBox.baseVal, width = whole.width, height = whole.height;
    var box = [0, 0, width, height], buttons = figure.querySelector(".ard-map-buttons"), held = null;
    buttons.hidden = false;
    function show() {
      box[2] = Math.min(width, Math.max(width / 32, box[2]));
      box[3] = box[2] * height / width;
      box[0] = Math.min(width - box[2], Math.max(0, box[0]));
      box[1] = Math.min(height - box[3], Math.max(0, box[1]));
      svg.setAttribute("viewBox", box.join(" "));
      svg.style.setProperty("--ard-zoom", String(box[2] / width));
    }
    function zoom(by) {
      var middle = [box[0] + box[2] / 2, box[1] + box[3] / 2];
      box[2] = Math.min(width, Math.max(width / 32, box[2] * by));
      box[3] = box[2] * height / width;
      box[0] = middle[0] - box[2] / 2; box[1] = middle[1] - box[3] / 2;
      show();
    }
    function move(x, y) { box[0] += x * box[2]; box[1] += y * box[3]; show(); }
    buttons.addEventListener("click", function (event) {
      var asked = event.target.dataset.zoom;
      if (asked === "in") zoom(0.6); else if (asked === "out") zoom(1 / 0.6);
      else if (asked) { box = [0, 0, width, height]; show(); }
    });
    svg.addEventListener("keydown", function (event) {
      var steps = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (steps[event.key]) move(steps[event.key][0], steps[event.key][1]);
      else if (event.key === "+" || event.key === "=") zoom(0.6);
      else if (event.key === "-") zoom(1 / 0.6);
      else return;
      event.preventDefault();
    });
    svg.addEventListener("wheel", function (event) {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2);
    }, { passive: false });
    svg.addEventListener("pointerdown", function (event) {
      if (event.pointerType === "touch" && box[2] === width) return; // the page scrolls
      held = [event.clientX, event.clientY]; svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", function (event) {
      if (!held) return;
      move((held[0] - event.clientX) / svg.clientWidth, (held[1] - event.clientY) / svg.clientHeight);
      held = [event.clientX, event.clientY];
    });
    ["pointerup", "pointercancel"].forEach(function (name) { svg.addEventListener(name, function () { held = null; }); });
  }
  document.querySelectorAll("[data-ard-map]").forEach(ready);
})();
