/** Draws how the scores of a quiz are spread. ECharts is fetched only here; the same figures stand in the page's table. */

interface Figures {
  bins: number[];
  /** Percent that passes. */
  mark: number;
}

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
  core.use([charts.BarChart, parts.GridComponent, parts.MarkLineComponent, renderers.SVGRenderer]);
  const chart = core.init(root, undefined, { renderer: "svg" });
  const draw = () => {
    const soft = colour("--soft");
    const font = getComputedStyle(document.body).fontFamily;
    const bars = figures.bins.map((count, n) => ({
      value: [n * 5 + 2.5, count],
      itemStyle: { color: n * 5 >= figures.mark ? colour("--color-primary") : colour("--soft", 0.55) },
    }));
    const width = Math.max(4, (root.clientWidth - 64) / figures.bins.length - 3);
    chart.setOption(
      {
        animation: false,
        grid: { left: 44, right: 20, top: 28, bottom: 28 },
        xAxis: {
          type: "value", min: 0, max: 100, interval: root.clientWidth < 520 ? 50 : 10,
          axisLabel: { formatter: "{value} %", color: soft, fontFamily: font, fontSize: 12 },
          axisLine: { lineStyle: { color: colour("--edge") } }, axisTick: { show: false }, splitLine: { show: false },
        },
        yAxis: {
          type: "value", minInterval: 1,
          axisLabel: { color: soft, fontFamily: font, fontSize: 12 }, splitLine: { lineStyle: { color: colour("--line") } },
        },
        series: [
          {
            type: "bar", data: bars, barWidth: width, silent: true,
            markLine: {
              silent: true, symbol: "none", lineStyle: { color: colour("--color-base-content"), width: 1, type: "dashed" },
              label: { formatter: "Pass mark", color: colour("--color-base-content"), fontFamily: font, fontSize: 12, position: "end" },
              data: [{ xAxis: figures.mark }],
            },
          },
        ],
      },
      true,
    );
  };
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  root.dataset["drawn"] = "";
}

for (const root of document.querySelectorAll<HTMLElement>("[data-island=quizinsight]")) void start(root);
