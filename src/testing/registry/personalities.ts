// SPDX-License-Identifier: MIT
import type { Fault } from "./fault.ts";

// What some registries do otherwise than the distribution-spec or than ours, each with where that is told. A
// personality has only what a public source tells, and no registry is that alone.

const json = (code: string, message: string): string =>
  JSON.stringify({ errors: [{ code, message }] });
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

const UNSUPPORTED = {
  kind: "answer",
  status: 405,
  headers: JSON_TYPE,
  body: json("UNSUPPORTED", "The operation is unsupported."),
} as const;

/** A path that no handler has, as Go's router answers it. */
const NO_SUCH_PATH = {
  kind: "answer",
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "404 page not found\n",
} as const;

/** Seen at Debian's docker-registry 2.8.3. */
const DISTRIBUTION: readonly Fault[] = [
  { on: { endpoint: "referrers" }, does: NO_SUCH_PATH },
  // A blob can't be sent with the request that begins its upload.
  {
    on: { method: "POST", endpoint: "uploads", parameter: "digest" },
    does: { kind: "ignore-parameters", names: ["digest"] },
  },
  // The list of tags is not cut into pages.
  { on: { endpoint: "tags" }, does: { kind: "ignore-parameters", names: ["n", "last"] } },
  { on: {}, does: { kind: "absolute-addresses" } },
];

export const PERSONALITIES = {
  "distribution-2.8": [
    ...DISTRIBUTION,
    {
      on: { method: "DELETE", endpoint: "manifest", by: "tag" },
      does: {
        kind: "answer",
        status: 400,
        headers: JSON_TYPE,
        body: json("DIGEST_INVALID", "provided digest did not match uploaded content"),
      },
    },
  ],
  // A distribution 2.8 with a way to delete tags: github.com/werf/werf/pull/2603.
  gitlab: DISTRIBUTION,
  ghcr: [
    // github.com/podman-container-tools/skopeo/issues/1880
    { on: { method: "DELETE", endpoint: "manifest" }, does: UNSUPPORTED },
    { on: { method: "DELETE", endpoint: "blob" }, does: UNSUPPORTED },
    // github.com/dataaxiom/ghcr-cleanup-action/issues/13
    { on: { endpoint: "referrers" }, does: NO_SUCH_PATH },
    // github.com/ocx-sh/ocx/issues/237
    {
      on: { method: "PATCH", endpoint: "upload" },
      does: { kind: "largest-body", bytes: 4 * 1024 * 1024, status: 416 },
    },
  ],
  // docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html: off unless the account turns it on
  ecr: [
    {
      on: { method: "POST", endpoint: "uploads", parameter: "mount" },
      does: { kind: "ignore-parameters", names: ["mount", "from"] },
    },
  ],
  "docker-hub": [
    // github.com/docker/hub-feedback/issues/2360
    { on: { method: "DELETE", endpoint: "manifest" }, does: UNSUPPORTED },
  ],
  quay: [
    { on: { method: "HEAD", endpoint: "blob" }, does: { kind: "answer", status: 405 } },
    // github.com/oras-project/oras-py/pull/137: chunks end in content that is not what was sent
    {
      on: { method: "PATCH", endpoint: "upload" },
      skip: 1,
      does: { kind: "shift-progress", by: -1 },
    },
  ],
} as const satisfies Readonly<Record<string, readonly Fault[]>>;

export type PersonalityName = keyof typeof PERSONALITIES;
