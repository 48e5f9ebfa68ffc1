// SPDX-License-Identifier: MIT
import { parseRoute } from "../registry/wire/paths.ts";
import type { Route } from "../registry/wire/paths.ts";
import { deleteBlob, serveBlob } from "./blob-requests.ts";
import { sendJson } from "./http-call.ts";
import type { Call } from "./http-call.ts";
import { listManifests, listRepositories, listTags } from "./list-requests.ts";
import { deleteManifest, serveManifest } from "./manifest-requests.ts";
import { ProtocolError } from "./protocol-error.ts";
import { putManifest } from "./put-manifest.ts";
import { listReferrers } from "./referrer-requests.ts";
import {
  appendToUpload,
  beginUpload,
  cancelUpload,
  finishUpload,
  uploadStatus,
} from "./upload-requests.ts";

type Handler = () => void | Promise<void>;

/** Answers a request according to its path and method. @throws ProtocolError, OciError */
export async function dispatch(call: Call, path: string): Promise<void> {
  const route = parseRoute(path);
  if (route === undefined) throw new ProtocolError(404, "UNSUPPORTED", "no such endpoint");
  const handlers = handlersOf(call, route);
  const method = call.request.method ?? "";
  const handler = handlers[method === "HEAD" ? "GET" : method];
  if (handler === undefined) {
    const allow = Object.keys(handlers).join(", ");
    throw new ProtocolError(405, "UNSUPPORTED", `expected one of ${allow}`, { allow });
  }
  await handler();
}

function handlersOf(call: Call, route: Route): Readonly<Partial<Record<string, Handler>>> {
  switch (route.kind) {
    case "base":
      return { GET: () => sendJson(call, 200, "{}") };
    case "catalog":
      return { GET: () => listRepositories(call) };
    case "tags":
      return { GET: () => listTags(call, route.repository) };
    case "manifests":
      return { GET: () => listManifests(call, route.repository) };
    case "referrers":
      return { GET: () => listReferrers(call, route.repository, route.digest) };
    case "manifest":
      return {
        GET: () => serveManifest(call, route.repository, route.reference),
        PUT: () => putManifest(call, route.repository, route.reference),
        DELETE: () => deleteManifest(call, route.repository, route.reference),
      };
    case "blob":
      return {
        GET: () => serveBlob(call, route.repository, route.digest),
        DELETE: () => deleteBlob(call, route.repository, route.digest),
      };
    case "uploads":
      return { POST: () => beginUpload(call, route.repository) };
    case "upload":
      return {
        GET: () => uploadStatus(call, route.repository, route.id),
        PATCH: () => appendToUpload(call, route.repository, route.id),
        PUT: () => finishUpload(call, route.repository, route.id),
        DELETE: () => cancelUpload(call, route.repository, route.id),
      };
  }
}
