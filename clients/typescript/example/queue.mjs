// Upload a video, queue its full frames, follow the job, read what it made; then crop frames.
//
//   NIGHTSHIFT_API_URL=http://127.0.0.1:4280 NIGHTSHIFT_API_TOKEN=… \
//     node example/queue.mjs film.mp4 /folder/for/results
//
// The folder is on the server, inside NIGHTSHIFT_API__ROOTS. What it prints is one JSON document.

import { nightShift } from "@nightshift/client";

const [video, folder] = process.argv.slice(2);
if (!video || !folder) {
  console.error("usage: node example/queue.mjs VIDEO FOLDER");
  process.exit(2);
}

const client = nightShift();
const { path: videoPath, itemId } = await client.upload(video, {
  onProgress: (sent, total) => console.error(`upload: ${sent} of ${total} bytes`),
});

const job = { videoId: itemId, videoPath, dbPath: `${folder}/captions.db` };

async function work(queued) {
  for await (const now of client.follow(queued.flowRunId)) {
    console.error(`${now.kind}: ${now.status} ${Math.round(now.progress * 100)} %`);
  }
  return { job: await client.finished(queued.flowRunId), frames: await client.frames(queued.flowRunId) };
}

const full = await work(
  await client.queueFullFramesProcessing({ ...job, outputDir: `${folder}/full_frames`, frameRate: 1 }),
);
const cropped = await work(
  await client.queueCropFramesProcessing({
    ...job,
    outputDir: `${folder}/crop_frames`,
    cropBounds: { left: 0, top: 0, right: 64, bottom: 32 },
    frameRate: 2,
    cropBoundsVersion: 1,
  }),
);
console.log(JSON.stringify({ itemId, videoPath, full, cropped }));
