/** `<workflow-viewer src="workflow.json">`: a workflow file as a drawing, on any page. */

import { css, html, LitElement, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { bandsFor, draw, type Box, type Drawing, type Measures } from "../src/workflow/layout";
import type { Wire } from "../src/workflow/ranks";
import { read, type Read, type Shown } from "./reading";

const SIZE: Measures = { width: 176, height: 50, along: 44, across: 16, lane: 10, aside: 50 };

/**
 * Draws the workflow file at `src`, or what is given to `text`. A step that is chosen shows its
 * parameters below. It loads nothing but that file, and its styles stay inside.
 */
export class WorkflowViewer extends LitElement {
  static override properties = {
    src: { type: String },
    text: { type: String },
    found: { state: true },
    problem: { state: true },
    chosen: { state: true },
    wide: { state: true },
  };

  declare src: string;
  declare text: string;
  declare found: Read | null;
  declare problem: string;
  declare chosen: string;
  declare wide: number;
  private size: ResizeObserver | null = null;

  constructor() {
    super();
    Object.assign(this, { src: "", text: "", found: null, problem: "", chosen: "", wide: 900 });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.size = new ResizeObserver(([entry]) => {
      if (entry) this.wide = Math.round(entry.contentRect.width) || this.wide;
    });
    this.size.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.size?.disconnect();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("src") && this.src) void this.load(this.src);
    if (changed.has("text") && this.text) this.take(this.text);
  }

  private async load(address: string): Promise<void> {
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`${address}: ${answer.status} ${answer.statusText}`);
      const text = await answer.text();
      if (address === this.src) this.take(text);
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  private take(text: string): void {
    try {
      this.found = read(text);
      this.problem = "";
    } catch (error) {
      this.found = null;
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  protected override render(): TemplateResult {
    if (this.problem) return html`<p role="alert">${this.problem}</p>`;
    if (!this.found) return html`<p>Loading the workflow …</p>`;
    const found = this.found;
    const drawing = drawingOf(found, this.wide);
    const step = found.steps.find((one) => one.name === this.chosen);
    return html`<figure>
      <figcaption><strong>${found.title}</strong> ${found.about}</figcaption>
      <svg
        viewBox="-2 -2 ${drawing.width + 4} ${drawing.height + 4}"
        width=${drawing.width + 4}
        role="group"
        aria-label="Workflow ${found.title}"
      >
        ${[...drawing.paths.values()].map((path) => svg`<path d=${path} />`)}
        ${
          drawing.aside
            ? svg`<text class="part" x=${drawing.aside.x} y=${drawing.aside.y + 14}>Monitors</text>`
            : nothing
        }
        ${found.steps.map((one) => this.box(one, drawing.boxes.get(one.name)))}
      </svg>
      ${step ? detail(step, found) : nothing}
    </figure>`;
  }

  private box(step: Shown, box: Box | undefined) {
    if (!box) return nothing;
    const choose = () => (this.chosen = this.chosen === step.name ? "" : step.name);
    const press = (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    };
    return svg`<g
      transform="translate(${box.x} ${box.y})"
      role="button"
      tabindex="0"
      aria-pressed=${this.chosen === step.name}
      aria-label="${step.name}: ${step.about}"
      @click=${choose}
      @keydown=${press}
    >
      <rect width=${box.width} height=${box.height} rx="6" />
      <text class="name" x="11" y="21">${short(step.name, 22)}</text>
      <text class="kind" x="11" y="38">${short(step.about, 27)}</text>
    </g>`;
  }

  static override styles = css`
    :host {
      display: block;
      font-family: system-ui, sans-serif;
      color: light-dark(#1b1f24, #e4e7eb);
    }
    figure {
      margin: 0;
    }
    figcaption {
      margin-bottom: 8px;
    }
    svg {
      display: block;
      max-width: 100%;
      height: auto;
    }
    path {
      fill: none;
      stroke: light-dark(#59616b, #9aa3ad);
      stroke-width: 1.5;
    }
    rect {
      fill: light-dark(#fff, #1a1d21);
      stroke: light-dark(#59616b, #9aa3ad);
    }
    g {
      cursor: pointer;
      outline: none;
    }
    g:focus-visible rect,
    g[aria-pressed="true"] rect {
      stroke: light-dark(#0069a3, #2a92cf);
      stroke-width: 2.5;
    }
    text {
      fill: currentColor;
    }
    .name {
      font-size: 14px;
      font-weight: 650;
    }
    .kind,
    .part {
      font-size: 11.5px;
      fill: light-dark(#59616b, #9aa3ad);
    }
    table {
      margin-top: 10px;
      border-collapse: collapse;
      font-size: 13px;
    }
    th {
      padding: 3px 16px 3px 0;
      font-weight: 400;
      text-align: left;
      color: light-dark(#59616b, #9aa3ad);
    }
    td {
      overflow-wrap: anywhere;
    }
  `;
}

const short = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

function drawingOf(found: Read, wide: number): Drawing {
  const flow = found.steps.filter((step) => !step.aside).map((step) => step.name);
  const aside = found.steps.filter((step) => step.aside).map((step) => step.name);
  const wires = found.links
    .filter((link) => flow.includes(link.from) && flow.includes(link.to))
    .map((link): Wire => ({
      id: `${link.from}.${link.output}>${link.to}`,
      from: link.from,
      to: link.to,
      trunk: link.from,
      leaves: 0,
      enters: 0,
    }));
  const bands = bandsFor(flow, wires, { width: wide, height: 5000 }, aside, SIZE);
  return draw(flow, wires, aside, bands, SIZE);
}

function detail(step: Shown, found: Read): TemplateResult {
  const fed = found.links.filter((link) => link.to === step.name);
  const sources = [...new Set(fed.map((one) => [one.from, one.output].filter(Boolean).join(".")))];
  const rows: [string, string][] = [
    ["protocol", step.about],
    ...(sources.length > 0 ? [["takes", sources.join(", ")] as [string, string]] : []),
    ...step.parameters,
  ];
  return html`<table>
    <caption hidden>
      ${step.name}
    </caption>
    ${rows.map(
      ([name, value]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${value}</td>
        </tr>`,
    )}
  </table>`;
}

if (!customElements.get("workflow-viewer"))
  customElements.define("workflow-viewer", WorkflowViewer);
