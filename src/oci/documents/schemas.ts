// SPDX-License-Identifier: MIT
import * as z from "zod";
import { isDigest } from "../digest.ts";
import type { DiffId, Digest } from "../digest.ts";
import { respellKeys } from "./fold-key.ts";

// The shapes of the documents. An issue's message is what was expected, nothing more: the parser adds
// where and what it got. Lists and maps of text are one check each, so that a hostile one with a
// million wrong members is one issue and not a million.

// RFC 6838, section 4.2, and parameters, which some artifacts carry.
const MEDIA_TYPE =
  /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}( *;[ -~]{1,127})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Go reads a field that is null or absent as the zero value of its type, inside lists and maps too, and a
// key in any case; what Go's tools write and read for years is read here the same.

/** Null is absent. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** Null and absent are the empty text. */
const zeroText = z
  .string("a string")
  .nullish()
  .transform((value) => value ?? "");

/** Null and absent are the empty list. */
function list<T extends z.ZodType>(schema: T) {
  return z
    .array(schema, "an array")
    .nullish()
    .transform((value) => value ?? []);
}

/** An object with these keys, in whatever case they are written; unknown ones stay. */
function object<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape);
  return z.preprocess((value, { issues }) => {
    if (!isObject(value)) return value;
    const { object, ambiguous } = respellKeys(value, known);
    if (ambiguous === undefined) return object;
    const message = `one key that readers take for "${ambiguous}"`;
    issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  }, z.looseObject(shape, "an object"));
}

const text = optional(z.string("a string"));
const integer = optional(z.int("an integer"));
const flag = optional(z.boolean("true or false"));
const texts = optional(
  z
    .custom<readonly (string | null)[]>(
      (value) => Array.isArray(value) && value.every((member) => member === null || isText(member)),
      "an array of strings",
    )
    .transform((value): readonly string[] => value.map((member) => member ?? "")),
);
const textMap = optional(mapOf<string>(isText, "", "an object of strings"));
const objectMap = optional(mapOf<object>(isObject, {}, "an object of objects"));

/** A map with members of one kind, null being the zero value. */
function mapOf<T>(isMember: (value: unknown) => boolean, zero: T, expected: string) {
  return z
    .custom<Readonly<Record<string, T | null>>>(
      (value) =>
        isObject(value) &&
        Object.values(value).every((member) => member === null || isMember(member)),
      expected,
    )
    .transform((value): Readonly<Record<string, T>> => {
      if (!Object.values(value).includes(null)) return value as Readonly<Record<string, T>>;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each ?? zero]));
    });
}

const mediaType = z.string("a media type").regex(MEDIA_TYPE, "a media type");
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

/** Docker writes no `diff_ids` for an image without layers, BuildKit an empty object. */
const rootfsSchema = object({
  type: z
    .literal(["layers", ""], '"layers"')
    .nullish()
    .transform(() => "layers" as const),
  diff_ids: list(diffId),
});

export const configSchema = object({
  ...platformShape,
  created: text,
  author: text,
  config: optional(executionConfigSchema),
  rootfs: rootfsSchema.nullish().transform((value) => value ?? NO_LAYERS),
  history: optional(
    z.array(
      historySchema.nullable().transform((value) => value ?? {}),
      "an array",
    ),
  ),
});

/** Bytes that canonical base64 (RFC 4648, section 4, padded) stands for; NaN when its length is wrong. */
function base64Length(data: string): number {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  return data.length % 4 === 0 ? (data.length / 4) * 3 - padding : NaN;
}
