/** The same jobs through the command line, for a web app beside the worker: no server is asked. */

import { spawn } from "node:child_process";

import { NightShiftError } from "./connection.js";
import type { CropFramesJob, FullFramesJob, JobKind, Queued } from "./jobs.js";

export interface CommandOptions {
  /** The program and what stands before `queue`, such as `["uv", "run", "nightshift"]`. */
  readonly command?: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

export async function queueFullFramesProcessing(
  job: FullFramesJob,
  options: CommandOptions = {},
): Promise<Queued> {
  return await queued("full-frames", job, [], options);
}

export async function queueCropFramesProcessing(
  job: CropFramesJob,
  options: CommandOptions = {},
): Promise<Queued> {
  const { cropBoundsVersion: version } = job;
  const more = version === undefined ? [] : ["--crop-bounds-version", String(version)];
  return await queued("crop-frames", job, [JSON.stringify(job.cropBounds)], options, more);
}

async function queued(
  kind: JobKind,
  job: FullFramesJob,
  bounds: readonly string[],
  options: CommandOptions,
  more: readonly string[] = [],
): Promise<Queued> {
  const { frameRate, priority } = job;
  const flags = [
    ...(frameRate === undefined ? [] : ["--frame-rate", String(frameRate)]),
    ...(priority === undefined ? [] : ["--priority", priority]),
    ...more,
  ];
  // After `--` a path that begins with a dash is a path.
  const given = [job.videoId, job.videoPath, job.dbPath, job.outputDir, ...bounds];
  const said = await run(["queue", kind, ...flags, "--", ...given], options);
  const answer = lastJson<Partial<Queued>>(said.stdout);
  if (said.code === 0 && answer?.flowRunId) return answer as Queued;
  const told = lastJson<{ error?: string }>(said.stderr)?.error;
  throw new NightShiftError(told ?? (said.stderr.trim() || `nightshift ended with ${said.code}.`));
}

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(parameters: readonly string[], options: CommandOptions): Promise<Said> {
  const [program, ...before] = options.command ?? ["nightshift"];
  const { cwd, env, signal } = options;
  const child = spawn(program, [...before, ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(signal === undefined ? {} : { signal }),
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return await new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new NightShiftError(`${program} can't be started: ${error.message}`));
    });
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** The last line that is a JSON object: a program may warn before it answers. */
function lastJson<Answer>(text: string): Answer | undefined {
  for (const line of text.trim().split("\n").reverse()) {
    try {
      const found = JSON.parse(line) as unknown;
      if (typeof found === "object" && found !== null) return found as Answer;
    } catch {
      // no JSON: the line before it may be
    }
  }
  return undefined;
}
