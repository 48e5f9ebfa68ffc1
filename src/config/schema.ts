// SPDX-License-Identifier: MIT
import * as z from "zod";
import { policySchema } from "./policies/policy-schema.ts";
import { stageSections } from "./stages/schema.ts";

const text = z.string();
const texts = z.array(text);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "expected letters, digits and ._-")
  .describe("A name of letters, digits and ._-");
const programName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9+_.-]*$/, "expected letters, digits and +._-")
  .describe("A program's name, as c++");
const path = z.string().regex(/^\/|^\$\{/, "expected an absolute path");
const architectures = z
  .array(text)
  .min(1)
  .describe("Only for these architectures, as amd64 or linux/arm/v7");
const owner = z
  .string()
  .regex(/^\d{1,10}:\d{1,10}$/, 'expected numbers as "1001:1001"')
  .describe('User and group by number, as "1001:1001"; they have no names outside an image');
// A mode must be text, because YAML 1.2 reads the number 0755 as decimal 755.
const mode = z
  .string()
  .regex(/^[0-7]{3,4}$/, 'expected permissions in octal, quoted, as "0755"')
  .describe('Permissions in octal, quoted, as "0755"');
const duration = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, "expected a duration as 500ms, 30s, 5m, 1h")
  .describe("A duration as 500ms, 30s, 5m or 1h");

const rate = z
  .string()
  .regex(
    /^(?=[\d.]*[1-9])\d{1,12}(\.\d{1,3})?(B|kB|KB|MB|GB|TB)?\/s$/,
    "expected a rate as 4.5MB/s or 800kB/s",
  )
  .describe("What the line to the registry takes, as 4.5MB/s");

const imageInput = z.strictObject({
  reference: text.describe("An image: host/repo:tag, oci:DIR[:TAG], docker-archive:FILE, …"),
  platform: text.optional().describe("Which image of an index, as linux/amd64 or linux/${ARCH}"),
});

const directoryInput = z.strictObject({
  directory: text.describe("A plain directory, relative to the project"),
  owner: z
    .union([z.literal("keep"), owner])
    .optional()
    .describe('Default "0:0"'),
  times: z.enum(["epoch", "keep"]).optional().describe("Default epoch (1970-01-01)"),
  xattrs: z
    .enum(["drop-labels", "keep", "drop"])
    .optional()
    .describe("Extended attributes. Default drop-labels: all but SELinux labels"),
});

const copyStep = z
  .strictObject({
    copy: path.describe("A path, or a pattern with * ? [ ] { } **, in the artifact"),
    from: name.optional().describe("The artifact; the only one if not given"),
    to: path.optional().describe("The new place; default the same"),
    owner: owner.optional(),
    mode: z
      .union([mode, z.strictObject({ files: mode.optional(), directories: mode.optional() })])
      .optional(),
    exclude: texts.optional().describe("Patterns of what is left out"),
    missing: z
      .enum(["error", "warn", "directory"])
      .optional()
      .describe("When nothing is there: an error (default), a warning, an empty directory"),
    times: z.enum(["keep", "clamp"]).optional(),
    arch: architectures.optional(),
  })
  .describe("Copies a path of an artifact with all below it");

const linkStep = z
  .strictObject({
    link: path,
    target: text,
    ifAbsent: z.boolean().optional().describe("Only where neither base nor layer has the path"),
    owner: owner.optional(),
    arch: architectures.optional(),
  })
  .describe("Makes a symbolic link");

const alternativeStep = z
  .strictObject({
    alternative: programName,
    link: path.describe("The link that people use, as /usr/bin/cc"),
    path: path.describe("What it stands for"),
    priority: z.int(),
    slaves: z
      .array(z.strictObject({ name: programName, link: path, path }))
      .optional()
      .describe("Links that follow this alternative"),
    arch: architectures.optional(),
  })
  .describe("Makes a Debian alternative: the link, /etc/alternatives, and dpkg's record");

const fileStep = z
  .strictObject({
    file: path,
    content: text,
    mode: mode.optional(),
    owner: owner.optional(),
    arch: architectures.optional(),
  })
  .describe("Writes a small file");

const directoryStep = z
  .strictObject({
    directory: path,
    mode: mode.optional(),
    owner: owner.optional(),
    arch: architectures.optional(),
  })
  .describe("Makes a directory, or changes one's owner and mode");

const removeStep = z
  .strictObject({ remove: path, arch: architectures.optional() })
  .describe("Removes what is below at this path");

const step = z.union([copyStep, linkStep, alternativeStep, fileStep, directoryStep, removeStep]);

const layer = z.strictObject({
  name,
  arch: architectures.optional(),
  split: z
    .union([
      z.literal(true),
      z.strictObject({
        layers: z.int().min(2).max(120).optional().describe("The most layers; default 60"),
        components: z
          .record(z.string().min(1), z.array(path).min(1))
          .optional()
          .describe("Files that belong together, as patterns by name; before what packages say"),
      }),
    ])
    .optional()
    .describe("Divides it among layers of which a rebuild changes few, as rechunk does an image"),
  steps: z.array(step).min(1),
});

const settings = z.strictObject({
  env: z
    .record(z.string(), text)
    .optional()
    .describe(
      "In order; ${NAME} is a variable, else the environment so far; ${base.NAME} is the base's",
    ),
  labels: z.record(z.string(), text).optional(),
  entrypoint: texts.optional(),
  cmd: texts.optional(),
  user: text.optional(),
  workdir: path.optional(),
  volumes: z.array(path).optional(),
  ports: texts.optional().describe("As 8080/tcp"),
  healthcheck: z
    .strictObject({
      test: z.union([text, texts]).describe("A shell command, or [CMD, program, …]"),
      interval: duration.optional(),
      timeout: duration.optional(),
      startPeriod: duration.optional(),
      startInterval: duration.optional(),
      retries: z.int().nonnegative().optional(),
    })
    .optional(),
  stopSignal: text.optional(),
  author: text.optional(),
});

/** The schema of `oci-kit.yaml`. It is strict: an unknown key is an error. */
export const configurationSchema = z.strictObject({
  version: z.literal(1),
  image: text.optional().describe("The repository that is published to, without a tag"),
  aliases: z
    .record(z.string(), z.array(text).min(1))
    .optional()
    .describe("Further tags of an index, by the tag that manifest push is given"),
  architectures: z.array(text).min(1).describe("What the index has to hold, as amd64"),
  variables: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([text, z.record(z.string(), text)]))
    .optional()
    .describe("Used as ${NAME} in texts; a value, or one for each architecture"),
  output: text.optional().describe("Where the images go; default out/linux-runtime"),
  base: z
    .union([text, imageInput, z.record(z.string(), z.union([text, imageInput]))])
    .describe("The image below, or scratch; for all architectures, or by architecture"),
  artifacts: z.record(name, z.union([text, imageInput, directoryInput])).optional(),
  layers: z.array(layer).optional().describe("From the lowest to the topmost"),
  config: settings.optional(),
  annotations: z.record(z.string(), text).optional(),
  compression: z
    .union([
      z
        .string()
        .regex(
          /^(gzip(:[1-9])?|zstd(:(1[0-9]|[1-9]))?|none|auto)$/,
          "expected gzip or zstd, both with a level as in zstd:19, none or auto",
        ),
      z.strictObject({ auto: z.strictObject({ rate }) }),
    ])
    .optional()
    .describe(
      "gzip (the default), zstd, both with a level as in zstd:19, none, or auto: what the line to the registry takes",
    ),
  provenance: z
    .strictObject({
      parent: name.optional().describe("The artifact that is recorded as the parent"),
      parentStage: text.optional(),
      keys: z
        .strictObject({
          parentDigest: text.optional(),
          parentStage: text.optional(),
          runId: text.optional(),
        })
        .optional(),
    })
    .optional(),
  links: z
    .array(z.strictObject({ path, target: path, arch: architectures.optional() }))
    .optional()
    .describe("Where links have to end: what verify-links checks"),
  policies: z
    .array(policySchema)
    .optional()
    .describe("What images have to keep: what verify checks, and pushing before anything is sent"),
  ...stageSections,
});

/** The values of `oci-kit.yaml`. Nothing in them is expanded. */
export type ConfigurationDocument = z.infer<typeof configurationSchema>;
export type StepDocument = z.infer<typeof step>;
export type LayerDocument = z.infer<typeof layer>;
export type ArtifactDocument = NonNullable<ConfigurationDocument["artifacts"]>[string];
export type BaseDocument = string | z.infer<typeof imageInput>;
export type SettingsDocument = z.infer<typeof settings>;

/**
 * The JSON Schema of `oci-kit.yaml` (draft 2020-12). It is published so that editors can complete the file.
 */
export function configurationJsonSchema(): object {
  return {
    ...z.toJSONSchema(configurationSchema),
    title: "oci-kit.yaml",
  };
}
