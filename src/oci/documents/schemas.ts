// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import { isDigest } from "../digest.ts";
import { isMediaType } from "../media-types.ts";
import type { DiffId, Digest } from "../digest.ts";
import {
  flag,
  integer,
  isText,
  list,
  object,
  objectMap,
  optional,
  orElse,
  text,
  textMap,
  texts,
  zeroText,
} from "./go-shapes.ts";

// The shapes of the documents, in zod's small form: loading the large one and making these took 6 ms of every command.
// The message of an issue says only what was expected; the parser adds where,
// and what it got.

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const mediaType = z.string("a media type").check(z.refine(isMediaType, "a media type"));
const DIGEST = "a well-formed digest as sha256:<64 lower-case hex digits>";
const digest = z.custom<Digest>((value) => isText(value) && isDigest(value), DIGEST);
const diffId = z.custom<DiffId>((value) => isText(value) && isDigest(value), DIGEST);
const NO_LAYERS = { type: "layers" as const, diff_ids: [] as DiffId[] };
const SIZE = "a whole number of bytes from 0 to 2^53-1";
const DATA = "base64 of as many bytes as size says";

const platformShape = {
  architecture: zeroText,
  os: zeroText,
  "os.version": text,
  "os.features": texts,
  variant: text,
};

export const descriptorSchema = object({
  mediaType,
  digest,
  size: z.int(SIZE).check(z.nonnegative(SIZE)),
  urls: texts,
  annotations: textMap,
  data: optional(z.string(DATA).check(z.regex(BASE64, DATA))),
  artifactType: text,
  platform: optional(object(platformShape)),
}).check(
  z.refine(({ data, size }) => data === undefined || base64Length(data) === size, {
    message: DATA,
    path: ["data"],
  }),
);

const documentShape = {
  schemaVersion: z.literal(2, "2"),
  mediaType: optional(mediaType),
  artifactType: text,
  subject: optional(descriptorSchema),
  annotations: textMap,
};

export const manifestSchema = object({
  ...documentShape,
  config: descriptorSchema,
  layers: list(descriptorSchema),
});

export const indexSchema = object({ ...documentShape, manifests: list(descriptorSchema) });

const healthcheckSchema = object({
  Test: texts,
  Interval: integer,
  Timeout: integer,
  StartPeriod: integer,
  StartInterval: integer,
  Retries: integer,
});

const executionConfigSchema = object({
  User: text,
  ExposedPorts: objectMap,
  Env: texts,
  Entrypoint: texts,
  Cmd: texts,
  Volumes: objectMap,
  WorkingDir: text,
  Labels: textMap,
  StopSignal: text,
  Healthcheck: optional(healthcheckSchema),
  ArgsEscaped: flag,
  OnBuild: texts,
  Shell: texts,
});

const historySchema = object({
  created: text,
  created_by: text,
  author: text,
  comment: text,
  empty_layer: flag,
});

/** Docker writes no `diff_ids` for an image without layers, BuildKit an empty object. */
const rootfsSchema = object({
  type: z.pipe(
    z.nullish(z.literal(["layers", ""], '"layers"')),
    z.transform(() => "layers" as const),
  ),
  diff_ids: list(diffId),
});

export const configSchema = object({
  ...platformShape,
  created: text,
  author: text,
  config: optional(executionConfigSchema),
  rootfs: orElse(rootfsSchema, NO_LAYERS),
  history: optional(
    z.array(
      z.pipe(
        z.nullable(historySchema),
        z.transform((value) => value ?? {}),
      ),
      "an array",
    ),
  ),
});

/** How many bytes canonical base64 (RFC 4648, section 4, padded) decodes to; NaN when its length is wrong. */
function base64Length(data: string): number {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return data.length % 4 === 0 ? (data.length / 4) * 3 - padding : NaN;
}
