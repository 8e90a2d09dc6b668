"use strict";
(() => {
  const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Views become tabs; without this script all of them are shown, one below the other.
  const views = [...document.querySelectorAll(".view")];
  const tabs = views.map((view) => document.getElementById(`tab-${view.id}`));
  const show = (index) => {
    views.forEach((view, i) => { view.hidden = i !== index; });
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
  };
  const holding = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const index = views.findIndex((view) => target && view.contains(target));
    return index < 0 ? 0 : index;
  };
  if (tabs.length > 0) {
    tabs[0].parentElement.setAttribute("role", "tablist");
    tabs.forEach((tab, i) => {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", views[i].id);
      views[i].setAttribute("role", "tabpanel");
      views[i].setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", (event) => {
        event.preventDefault();
        history.replaceState(null, "", `#${views[i].id}`);
        show(i);
      });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, Home: -i, End: tabs.length - 1 - i }[event.key];
        if (event.key === " ") { event.preventDefault(); tab.click(); }
        if (step === undefined) return;
        event.preventDefault();
        const next = (i + step + tabs.length) % tabs.length;
        show(next);
        tabs[next].focus();
      });
    });
    document.documentElement.classList.add("tabbed");
    show(holding());
    window.addEventListener("hashchange", () => show(holding()));
  }

  // A number as the report writes it: separators, a true minus sign, powers of ten; else null.
  const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const plain = (text) => text.replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/gu, (c) => (c === "⁻" ? "-" : superscripts.indexOf(c)));
  const asNumber = (text) => {
    const found = /^([-−]?[\d,]*\.?\d+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(?=$|[\s%])/u.exec(text);
    if (!found) return null;
    return Number(found[1].replaceAll(",", "").replace("−", "-")) * 10 ** Number(plain(found[2] ?? "0"));
  };
  const compare = (a, b) => {
    const [x, y] = [asNumber(a), asNumber(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x !== null ? -1 : 1;
    return a.localeCompare(b);
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = element("button", { type: "button", className: "sort" });
      const [said, ...unit] = head.childNodes;
      said.textContent = said.textContent.trim();
      button.append(said, element("span", { className: "way", ariaHidden: "true" }), ...unit);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const text = (row) => row.cells[column].textContent.trim();
        const rows = [...body.rows].filter((row) => !row.classList.contains("total"));
        const totals = [...body.rows].filter((row) => row.classList.contains("total"));
        rows.sort((a, b) => (down ? -1 : 1) * compare(text(a), text(b)));
        body.append(...rows, ...totals);
      });
    });
  };

  const LEAST_SORTED = 3;
  const LEAST_FILTERED = 8;
  const filterable = (table) => {
    const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("total"));
    if (rows.length < LEAST_FILTERED) return;
    const field = element("input", { type: "search", autocomplete: "off" });
    const count = element("output");
    const label = element("label", {}, "Show rows with ", field);
    table.parentElement.before(element("p", { className: "filter" }, label, " ", count));
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      rows.forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(wanted); });
      const left = rows.filter((row) => !row.hidden).length;
      count.textContent = wanted ? `${left} of ${rows.length} rows; totals are of all rows` : "";
    });
  };
  document.querySelectorAll("table.sortable").forEach((table) => {
    if (table.tBodies[0].rows.length >= LEAST_SORTED) sortable(table);
    filterable(table);
  });

  // What scrolls sideways can be reached by keyboard; what does not is no stop on the way.
  const reach = new ResizeObserver((seen) => {
    seen.forEach(({ target }) => { target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1; });
  });
  document.querySelectorAll(".scroll").forEach((box) => reach.observe(box));

  // The map: a slider for the year, and a button that runs through the years and stops when asked to.
  const STEP_MS = 900;
  document.querySelectorAll("svg[data-years]").forEach((map) => {
    const years = map.dataset.years.split(" ");
    const circles = [...map.querySelectorAll("circle[data-radii]")];
    const shown = [...map.querySelectorAll("[data-shown-year]")];
    const slider = element("input", { type: "range", min: 0, max: years.length - 1, step: 1, value: years.length - 1 });
    const told = element("output", { className: "year" });
    const button = element("button", { type: "button" }, "Play the years");
    const turn = () => {
      const year = Number(slider.value);
      slider.setAttribute("aria-valuetext", years[year]);
      told.textContent = years[year];
      shown.forEach((text) => { text.textContent = years[year]; });
      circles.forEach((circle) => {
        circle.setAttribute("r", circle.dataset.radii.split(" ")[year]);
        circle.querySelector("title").textContent =
          `${circle.dataset.name}, ${years[year]}: ${circle.dataset.values.split(" ")[year]} ${map.dataset.unit}`;
      });
    };
    let timer = null;
    const pause = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = stillness.matches ? "Next year" : "Play the years";
    };
    const step = () => {
      slider.value = (Number(slider.value) + 1) % years.length;
      turn();
      if (Number(slider.value) === years.length - 1) pause();
    };
    button.addEventListener("click", () => {
      if (timer !== null) { pause(); return; }
      step();
      if (stillness.matches || Number(slider.value) === years.length - 1) return;
      timer = setInterval(step, STEP_MS);
      button.textContent = "Pause";
    });
    slider.addEventListener("input", () => { pause(); turn(); });
    const controls = element("p", { className: "years" }, button, " ", element("label", {}, "Year ", slider), " ", told);
    (map.closest(".scroll") ?? map).before(controls);
    map.classList.add("animated");
    pause();
    turn();
  });
})();
