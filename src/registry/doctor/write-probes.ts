// SPDX-License-Identifier: MIT
import { randomBytes } from "node:crypto";
import { once, type AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { parseKnownDigest } from "../wire/paths.ts";
import { formatRoute } from "../wire/paths.ts";
import { deleting, pushing, type RepositoryContext } from "../repository-context.ts";
import {
  beginUpload,
  openUpload,
  resumeUpload,
  type RegistryUpload,
} from "../upload/registry-upload.ts";
import { askMount } from "../upload/mount-blob.ts";
import { uploadLocation } from "../upload/upload-answers.ts";
import { probe, statusOf, type Probe, type ProbeName } from "./probe.ts";

/** Bytes of a chunk, unless the registry asks for longer ones. */
const CHUNK = 1024;
/** Larger chunks are not sent to find out whether they are taken. */
const LARGEST_CHUNK = 16 * 1024 * 1024;

/**
 * Asks what can only be found out by writing. Nothing stays: an upload that is begun is cancelled, a blob is mounted
 * into the repository that it is in, and the tag to delete does not exist.
 */
export async function probeWriting(
  context: RepositoryContext,
  sample: Descriptor | undefined,
  options: AbortOptions,
): Promise<readonly Probe[]> {
  return [
    ...(await probeUpload(context, options)),
    await probe("mount", () => tryMount(context, sample, options)),
    await probe("tag-delete", () => tryDelete(context, options)),
  ];
}

async function probeUpload(
  context: RepositoryContext,
  options: AbortOptions,
): Promise<readonly Probe[]> {
  let upload: RegistryUpload | undefined;
  const begun = await probe("upload", async () => {
    upload = await beginUpload(context, options);
    const { chunkLeast } = upload.state;
    const least = chunkLeast === undefined ? "" : `, chunks of at least ${chunkLeast} bytes`;
    return { outcome: "yes", detail: `begun${least}` };
  });
  if (upload === undefined) return [begun];
  const chunked = await probe("chunks", () => tryChunks(upload!, options));
  const state = upload.state;
  const { offset } = upload;
  const resumed = await probe("resume", async () => {
    const found = await resumeUpload(context, state, options);
    upload = found;
    const outcome = found.offset === offset ? "yes" : "no";
    return { outcome, detail: `${found.offset} bytes are there, ${offset} were acknowledged` };
  });
  return [begun, chunked, resumed, await probe("cancel", () => cancel(context, upload!, options))];
}

async function tryChunks(
  upload: RegistryUpload,
  options: AbortOptions,
): Promise<Omit<Probe, "name">> {
  const length = upload.state.chunkLeast ?? CHUNK;
  if (length > LARGEST_CHUNK) {
    return { outcome: "unknown", detail: `chunks of ${length} bytes are not tried` };
  }
  try {
    for (let sent = 0; sent < 2; sent += 1) {
      await upload.append(once(randomBytes(length)), length, options);
    }
    return { outcome: "yes", detail: `two of ${length} bytes were kept` };
  } catch (error) {
    if (isOciError(error, "unauthorized", "unreachable", "aborted")) throw error;
    return { outcome: "no", detail: isOciError(error) ? error.message : String(error) };
  }
}

async function cancel(
  context: RepositoryContext,
  { state }: RegistryUpload,
  { signal }: AbortOptions,
): Promise<Omit<Probe, "name">> {
  const target = new URL(state.location);
  const answer = await context.transport
    .send({ ...pushing(context), method: "DELETE", target, expect: [200, 202, 204], signal })
    .then(async (one) => (await one.discard(), one.status), statusOf);
  return answer < 300
    ? { outcome: "yes", detail: "the upload was cancelled" }
    : { outcome: "no", detail: `status ${answer}: the registry drops the upload some day` };
}

async function tryMount(
  context: RepositoryContext,
  sample: Descriptor | undefined,
  options: AbortOptions,
): Promise<Omit<Probe, "name">> {
  if (sample === undefined) return { outcome: "not-asked", detail: "no blob to try it on" };
  const digest = parseKnownDigest(sample.digest);
  const answer = await askMount(context, digest, context.repository, options);
  if (answer?.status === 202)
    await openUpload(context, uploadLocation(context, answer), 0).cancel();
  return answer?.status === 201
    ? { outcome: "yes", detail: "a blob of the repository into itself" }
    : { outcome: "no", detail: answer === undefined ? "refused" : "an upload began instead" };
}

async function tryDelete(
  context: RepositoryContext,
  { signal }: AbortOptions,
): Promise<Omit<Probe, "name">> {
  const reference = `oci-kit-doctor-${randomBytes(8).toString("hex")}`;
  const { repository } = context;
  const target = formatRoute({ kind: "manifest", repository, reference });
  const status = await context.transport
    .send({ ...deleting(context), method: "DELETE", target, expect: [200, 202, 204], signal })
    .then(async (answer) => (await answer.discard(), answer.status), statusOf);
  const knows = status < 300 || status === 404;
  const refuses = status === 400 || status === 405;
  const outcome = knows ? "yes" : refuses ? "no" : "unknown";
  return { outcome, detail: `a tag that nobody has: status ${status}` };
}

/** The questions of {@link probeWriting}. */
export const WRITING: readonly ProbeName[] = Object.freeze([
  "upload",
  "chunks",
  "resume",
  "cancel",
  "mount",
  "tag-delete",
]);
