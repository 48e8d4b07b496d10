/** Draws how a video is watched. ECharts is fetched only here; the same figures stand in the page's table. */
import { moment, step, time, type Figures } from "./words";

/** A colour of the page as red, green and blue, which every part of the chart understands. */
function colour(name: string, alpha = 1): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return "gray";
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "gray";
  pen.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

async function start(root: HTMLElement): Promise<void> {
  const figures = JSON.parse(root.dataset["chart"] ?? "{}") as Figures;
  const [core, charts, parts, renderers] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  core.use([charts.LineChart, parts.GridComponent, parts.MarkAreaComponent, parts.MarkLineComponent, renderers.SVGRenderer]);
  const chart = core.init(root, undefined, { renderer: "svg" });
  const reading = document.querySelector<HTMLElement>("[data-insight-reading]");
  let at = -1;

  const draw = () => {
    const ink = colour("--color-base-content");
    const soft = colour("--soft");
    const main = colour("--color-primary");
    const narrow = root.clientWidth < 520;
    const font = getComputedStyle(document.body).fontFamily;
    const points = (values: number[]) => {
      const found = figures.starts.map((from, n) => [(from + (figures.ends[n] ?? from)) / 2, values[n] ?? 0]);
      // The line reaches both edges of the film.
      if (found.length) found.unshift([0, values[0] ?? 0]);
      if (found.length) found.push([figures.duration, values[values.length - 1] ?? 0]);
      return found;
    };
    const most = Math.max(100, ...figures.played);
    // Labels stand at the right end; where the lines meet there, one gives way.
    const gap = ((figures.played.at(-1) ?? 0) - (figures.seen.at(-1) ?? 0)) / most;
    const label = (words: string, shift: number, ink: string) => ({
      show: true, formatter: words, color: ink, fontFamily: font, fontSize: 13, width: narrow ? 64 : 96,
      overflow: "break" as const, offset: [4, shift], // prettier-ignore
    });
    const area = (spans: [number, number][], words: string, ink: string, wash: string, inside: "insideTop" | "insideBottom") =>
      spans.map(([from, to]) => [
        { xAxis: from, name: words, itemStyle: { color: wash }, label: { position: inside, color: ink, fontFamily: font, fontSize: 12 } },
        { xAxis: to },
      ]);
    chart.setOption(
      {
        animation: false,
        grid: { left: 44, right: narrow ? 74 : 108, top: 26, bottom: 28 },
        xAxis: {
          type: "value", min: 0, max: figures.duration, interval: step(figures.duration, narrow ? 4 : 8),
          axisLabel: { formatter: (value: number) => time(value), color: soft, fontFamily: font, fontSize: 12, showMaxLabel: false },
          axisLine: { lineStyle: { color: colour("--edge") } }, axisTick: { show: false }, splitLine: { show: false },
        },
        yAxis: {
          type: "value", min: 0, max: Math.ceil(most / 50) * 50,
          axisLabel: { formatter: (value: number) => `${value} %`, color: soft, fontFamily: font, fontSize: 12 },
          splitLine: { lineStyle: { color: colour("--line") } },
        },
        series: [
          {
            type: "line", data: points(figures.played), showSymbol: false, silent: true,
            lineStyle: { color: colour("--color-warning"), width: 1.5, type: "dashed" },
            endLabel: label("Played", gap < 0.08 ? -10 : 0, colour("--color-warning")),
          },
          {
            type: "line", data: points(figures.seen), showSymbol: false, silent: true,
            lineStyle: { color: main, width: 2 },
            areaStyle: { color: main, opacity: 0.1 },
            endLabel: label("Seen", gap < 0.08 ? 10 : 0, main),
            markArea: {
              silent: true,
              data: [
                ...area(figures.again, "again", colour("--color-warning"), colour("--color-warning", 0.12), "insideTop"),
                ...area(figures.skipped, "skipped", ink, colour("--soft", 0.14), "insideBottom"),
              ],
            },
            markLine: {
              silent: true, symbol: "none", label: { show: false }, lineStyle: { color: ink, width: 1, type: "solid" },
              data: at < 0 ? [] : [{ xAxis: ((figures.starts[at] ?? 0) + (figures.ends[at] ?? 0)) / 2 }],
            },
          },
        ],
      },
      true,
    );
  };

  const read = (to: number) => {
    at = Math.min(Math.max(0, to), figures.starts.length - 1);
    if (reading) reading.textContent = moment(figures, at);
    draw();
  };
  root.addEventListener("keydown", (event) => {
    const end = figures.starts.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: end, PageDown: at + 10, PageUp: at - 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    read(to);
  });
  root.addEventListener("pointermove", (event) => {
    const [second] = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) as [number, number];
    const found = figures.ends.findIndex((end) => second < end);
    if (second >= 0 && found >= 0 && found !== at) read(found);
  });
  root.addEventListener("pointerleave", () => {
    at = -1;
    if (reading) reading.textContent = "";
    draw();
  });
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  root.dataset["drawn"] = "";
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=insight]")) void start(root);
