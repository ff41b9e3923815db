/**
 * Night Shift from a web app: upload, queue frame jobs, follow them, read what they made.
 *
 * The functions of this module ask the server of NIGHTSHIFT_API_URL with NIGHTSHIFT_API_TOKEN;
 * `nightShift({ baseUrl, token })` has the same for any other.
 */

import createClient, { type Client } from "openapi-fetch";

import { Connection, type Options } from "./connection.js";
import * as jobs from "./jobs.js";
import type { paths } from "./schema.js";
import * as uploads from "./uploads.js";

export { NightShiftError, type Options } from "./connection.js";
export { isOver } from "./jobs.js";
export type {
  CropBounds, CropFramesJob, Frame, FullFramesJob, Job, JobKind, JobStatus, Priority, Queued, TextBox,
} from "./jobs.js";
export type { components, operations, paths } from "./schema.js";
export type { Uploadable, Uploaded, UploadOptions } from "./uploads.js";

export interface NightShift {
  /** Everything else of the API, typed by its OpenAPI document. */
  readonly api: Client<paths>;
  /** Queue: a picture every ten seconds (or `frameRate` a second), and the text in each. */
  queueFullFramesProcessing(job: jobs.FullFramesJob): Promise<jobs.Queued>;
  /** Queue: a part of each picture, ten a second (or `frameRate`). */
  queueCropFramesProcessing(job: jobs.CropFramesJob): Promise<jobs.Queued>;
  progress(flowRunId: string): Promise<jobs.Job>;
  /** Each change of a job until it is over. */
  follow(flowRunId: string): AsyncGenerator<jobs.Job, jobs.Job>;
  /** The job once it is completed; throws if it failed or was cancelled. */
  finished(flowRunId: string): Promise<jobs.Job>;
  cancel(flowRunId: string): Promise<void>;
  /** The frames that a job made, with the text in them; their pictures lie in the database. */
  frames(flowRunId: string): Promise<readonly jobs.Frame[]>;
  upload(file: uploads.Uploadable, options?: uploads.UploadOptions): Promise<uploads.Uploaded>;
}

export function nightShift(options: Options = {}): NightShift {
  const server = new Connection(options);
  const { baseUrl, headers, fetch } = server;
  return {
    api: createClient<paths>({ baseUrl, headers, fetch }),
    queueFullFramesProcessing: async (job) => await jobs.queue(server, "full-frames", job),
    queueCropFramesProcessing: async (job) => await jobs.queue(server, "crop-frames", job),
    progress: async (flowRunId) => await jobs.progressOf(server, flowRunId),
    follow: (flowRunId) => jobs.follow(server, flowRunId),
    finished: async (flowRunId) => await jobs.finished(server, flowRunId),
    cancel: async (flowRunId) => {
      await jobs.cancel(server, flowRunId);
    },
    frames: async (flowRunId) => await jobs.framesOf(server, flowRunId),
    upload: async (file, more) => await uploads.upload(server, file, more),
  };
}

export async function queueFullFramesProcessing(job: jobs.FullFramesJob): Promise<jobs.Queued> {
  return await nightShift().queueFullFramesProcessing(job);
}

export async function queueCropFramesProcessing(job: jobs.CropFramesJob): Promise<jobs.Queued> {
  return await nightShift().queueCropFramesProcessing(job);
}

export async function progress(flowRunId: string): Promise<jobs.Job> {
  return await nightShift().progress(flowRunId);
}

export function follow(flowRunId: string): AsyncGenerator<jobs.Job, jobs.Job> {
  return nightShift().follow(flowRunId);
}

export async function frames(flowRunId: string): Promise<readonly jobs.Frame[]> {
  return await nightShift().frames(flowRunId);
}

export async function upload(
  file: uploads.Uploadable,
  options?: uploads.UploadOptions,
): Promise<uploads.Uploaded> {
  return await nightShift().upload(file, options);
}
