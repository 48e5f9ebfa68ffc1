// SPDX-License-Identifier: MIT
import * as z from "zod";
import { isDigest } from "../digest.ts";
import type { DiffId, Digest } from "../digest.ts";

// The shapes of the documents. The message of an issue says only what was expected; the parser adds where,
// and what it got. Each list and each map of text is one check, so that a hostile one with a million wrong
// members makes one issue and not a million.

// RFC 6838, section 4.2, plus parameters, which the media types of some artifacts have.
const MEDIA_TYPE =
  /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}( *;[ -~]{1,127})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An optional field that is `null` is absent: the Go tools write `null` for empty values. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A required list that is `null` is empty, for the same reason. */
function list<T extends z.ZodType>(schema: T) {
  return z
    .array(schema, "an array")
    .nullable()
    .transform((value) => value ?? []);
}

function object<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.looseObject(shape, "an object");
}

const text = optional(z.string("a string"));
const integer = optional(z.int("an integer"));
const flag = optional(z.boolean("true or false"));
const texts = optional(
  z.custom<readonly string[]>(
    (value) => Array.isArray(value) && value.every(isText),
    "an array of strings",
  ),
);
const textMap = optional(
  z.custom<Readonly<Record<string, string>>>(
    (value) => isObject(value) && Object.values(value).every(isText),
    "an object of strings",
  ),
);
const objectMap = optional(
  z.custom<Readonly<Record<string, object>>>(
    (value) => isObject(value) && Object.values(value).every(isObject),
    "an object of objects",
  ),
);
const mediaType = z.string("a media type").regex(MEDIA_TYPE, "a media type");
const DIGEST = "a well-formed digest as sha256:<64 lower-case hex digits>";
const digest = z.custom<Digest>((value) => isText(value) && isDigest(value), DIGEST);
const diffId = z.custom<DiffId>((value) => isText(value) && isDigest(value), DIGEST);
const SIZE = "a whole number of bytes from 0 to 2^53-1";
const DATA = "base64 of as many bytes as size says";

const platformShape = {
  architecture: z.string("a string"),
  os: z.string("a string"),
  "os.version": text,
  "os.features": texts,
  variant: text,
};

export const descriptorSchema = object({
  mediaType,
  digest,
  size: z.int(SIZE).nonnegative(SIZE),
  urls: texts,
  annotations: textMap,
  data: optional(z.string(DATA).regex(BASE64, DATA)),
  artifactType: text,
  platform: optional(object(platformShape)),
}).refine(({ data, size }) => data === undefined || base64Length(data) === size, {
  message: DATA,
  path: ["data"],
});

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

export const configSchema = object({
  ...platformShape,
  created: text,
  author: text,
  config: optional(executionConfigSchema),
  rootfs: object({ type: z.literal("layers", '"layers"'), diff_ids: list(diffId) }),
  history: optional(z.array(historySchema, "an array")),
});

/** How many bytes canonical base64 (RFC 4648, section 4, padded) decodes to; NaN when its length is wrong. */
function base64Length(data: string): number {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return data.length % 4 === 0 ? (data.length / 4) * 3 - padding : NaN;
}
