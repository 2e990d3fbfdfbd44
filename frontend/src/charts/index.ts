export { Chart, useInk, type Handler, type Ink } from "./Chart";
export { axis, GRID, spanOf } from "./axes";
export { Histogram, type Part } from "./Histogram";
export { Scatter } from "./Scatter";
export { Series, type Line, type Mark } from "./Series";
export { Spark } from "./Spark";
export type { ECharts, EChartsCoreOption } from "./echarts";
