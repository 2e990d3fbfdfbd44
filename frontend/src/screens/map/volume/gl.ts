/** The surface drawn with WebGL: one mesh, one light, no perspective. */

import type { Rotation } from "./camera";
import { AMBIENT, GLOSS, LIGHT, type Shade } from "./cast";
import type { Surface } from "./surface";

const VERTEX = `#version 300 es
in vec3 position; in vec3 normal;
uniform mat3 view; uniform float zoom; uniform float aspect;
out vec3 facing;
void main() {
  // The shorter side of the canvas shows the whole cube.
  vec3 seen = view * position * zoom * min(1.0, aspect);
  facing = view * normal;
  gl_Position = vec4(seen.x / aspect, seen.y, -seen.z / (2.0 * zoom), 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 facing; out vec4 colour;
uniform vec3 base; uniform vec3 light;
void main() {
  vec3 n = normalize(facing);
  float diffuse = ${AMBIENT.toFixed(3)} + ${(1 - AMBIENT).toFixed(3)} * max(0.0, dot(n, light));
  float gloss = ${GLOSS.toFixed(3)} * pow(max(0.0, dot(n, normalize(light + vec3(0.0, 0.0, 1.0)))), 24.0);
  colour = vec4(base * diffuse + gloss, 1.0);
}`;

/** Draws surfaces on a canvas. Making one fails where there is no WebGL 2. */
export class SurfaceGl {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly buffers: WebGLBuffer[];
  private count = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("this browser has no WebGL 2");
    this.gl = gl;
    this.program = built(gl);
    this.buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
    gl.useProgram(this.program);
    ["position", "normal"].forEach((name, index) => {
      const place = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[index] ?? null);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[2] ?? null);
    gl.enable(gl.DEPTH_TEST);
  }

  /** Take another surface. */
  set(surface: Surface): void {
    const { gl } = this;
    [surface.positions, surface.normals].forEach((values, index) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[index] ?? null);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    });
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, surface.indices, gl.STATIC_DRAW);
    this.count = surface.indices.length;
  }

  /** Draw it as it is seen from `view`. */
  draw(view: Rotation, shade: Shade): void {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const place = (name: string) => gl.getUniformLocation(this.program, name);
    gl.uniformMatrix3fv(place("view"), true, new Float32Array(view));
    gl.uniform1f(place("zoom"), shade.zoom);
    gl.uniform1f(place("aspect"), canvas.width / Math.max(1, canvas.height));
    gl.uniform3fv(
      place("base"),
      shade.colour.map((part) => part / 255),
    );
    gl.uniform3fv(place("light"), [...LIGHT]);
    gl.drawElements(gl.TRIANGLES, this.count, gl.UNSIGNED_INT, 0);
  }

  /** Give back what it holds of the graphics memory. */
  dispose(): void {
    for (const buffer of this.buffers) this.gl.deleteBuffer(buffer);
    this.gl.deleteProgram(this.program);
  }
}

function built(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL makes no shader");
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
      throw new Error(gl.getShaderInfoLog(shader) ?? "a shader does not compile");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(program) ?? "the shaders do not link");
  return program;
}
