/** Frame jobs of a video: queued, followed, read. */

import { type Connection, delayOf, mayPass, NightShiftError, pause } from "./connection.js";
import { eventsOf } from "./events.js";

export type Priority = "interactive" | "background";
export type JobKind = "full-frames" | "crop-frames";
export type JobStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

/** Bounds in pixels, from the left and the top of the picture as it is seen. */
export interface CropBounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface FullFramesJob {
  readonly videoId: string;
  /** Paths are the server's, inside its roots. */
  readonly videoPath: string;
  /** The video's own SQLite database, where the results are written. */
  readonly dbPath: string;
  readonly outputDir: string;
  /** Frames a second; 0.1 if left out. */
  readonly frameRate?: number;
  readonly priority?: Priority;
}

export interface CropFramesJob extends FullFramesJob {
  readonly cropBounds: CropBounds;
  readonly cropBoundsVersion?: number;
}

export interface Queued {
  readonly flowRunId: string;
  readonly status: string;
  readonly priority: Priority;
}

export interface Job {
  readonly flowRunId: string;
  readonly kind: JobKind;
  readonly videoId: string;
  readonly status: JobStatus;
  readonly priority: Priority;
  /** From 0 to 1. */
  readonly progress: number;
  readonly attempts: number;
  readonly error: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** A line of text in a picture: fractions of it, `y` from the bottom. */
export interface TextBox {
  readonly text: string;
  readonly confidence: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly timestampSeconds: number;
}

/** A frame as it lies in the video's database; `frameIndex` counts tenths of a second. */
export interface Frame {
  readonly frameIndex: number;
  readonly texts: readonly TextBox[];
}

const OVER: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);
const EVERY_MILLISECONDS = 1000;
const BREAKS = 5; // of the stream in a row, without an event between them

/** True if nothing more will come of a job. */
export function isOver(job: Pick<Job, "status">): boolean {
  return OVER.has(job.status);
}

export async function queue(
  server: Connection,
  kind: JobKind,
  job: FullFramesJob | CropFramesJob,
): Promise<Queued> {
  // The key makes a repetition after a lost answer the same job, not a second one.
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  const body = JSON.stringify(job);
  return await server.json<Queued>(`/jobs/${kind}`, { method: "POST", headers, body });
}

export async function progressOf(server: Connection, flowRunId: string): Promise<Job> {
  return await server.json<Job>(`/jobs/${encodeURIComponent(flowRunId)}`);
}

export async function cancel(server: Connection, flowRunId: string): Promise<void> {
  const path = `/jobs/${encodeURIComponent(flowRunId)}/cancel`;
  await server.patiently(async () => await server.ask(path, { method: "POST" }));
}

export async function framesOf(server: Connection, flowRunId: string): Promise<readonly Frame[]> {
  const path = `/jobs/${encodeURIComponent(flowRunId)}/frames`;
  return (await server.json<{ frames: readonly Frame[] }>(path)).frames;
}

/**
 * A job each time that it changed, until it is over: by server-sent events, which go on after a
 * cut where they stopped (Last-Event-ID); by asking once a second where there are none.
 */
export async function* follow(server: Connection, flowRunId: string): AsyncGenerator<Job, Job> {
  let job = await progressOf(server, flowRunId);
  yield job;
  let lastEventId: string | undefined;
  for (let breaks = 0; !isOver(job) && breaks < BREAKS; breaks++) {
    try {
      for await (const event of eventsOf(server, streamOf(flowRunId), lastEventId)) {
        lastEventId = event.id ?? lastEventId;
        breaks = 0;
        const now = told(event.data) ?? (await progressOf(server, flowRunId));
        if (changed(job, now)) yield now;
        job = now;
        if (isOver(job)) return job;
      }
      if (breaks > 0) await pause(EVERY_MILLISECONDS, server.signal);
    } catch (error) {
      if (!mayPass(error)) {
        if (error instanceof NightShiftError && error.status !== 401) break;
        throw error;
      }
      await pause(delayOf(error, breaks + 1), server.signal);
    }
    const now = await progressOf(server, flowRunId);
    if (changed(job, now)) yield now;
    job = now;
  }
  while (!isOver(job)) {
    await pause(EVERY_MILLISECONDS, server.signal);
    const now = await progressOf(server, flowRunId);
    if (changed(job, now)) yield now;
    job = now;
  }
  return job;
}

/** The job once it is over; what failed or was cancelled is thrown with its reason. */
export async function finished(server: Connection, flowRunId: string): Promise<Job> {
  let last: Job | undefined;
  for await (const job of follow(server, flowRunId)) last = job;
  if (last?.status !== "completed") {
    throw new NightShiftError(last?.error ?? `The job ${flowRunId} was ${last?.status ?? "lost"}.`);
  }
  return last;
}

function streamOf(flowRunId: string): string {
  return `/jobs/${encodeURIComponent(flowRunId)}/events`;
}

/** The job that an event holds; undefined if it only says that something happened. */
function told(data: string): Job | undefined {
  try {
    const found = JSON.parse(data) as Partial<Job> | null;
    return found?.flowRunId && found.status ? (found as Job) : undefined;
  } catch {
    return undefined;
  }
}

function changed(before: Job, now: Job): boolean {
  return (
    before.status !== now.status ||
    before.progress !== now.progress ||
    before.attempts !== now.attempts
  );
}
