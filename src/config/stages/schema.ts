// SPDX-License-Identifier: MIT
import * as z from "zod";

const text = z.string();
const texts = z.array(text);
const stageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected small letters, digits and -")
  .describe("A stage's name");
const argument = z.string().regex(/^[A-Za-z_]\w*$/, "expected the name of a build argument");
const secret = z.union([
  z.strictObject({ env: text.describe("A variable of the environment") }),
  z.strictObject({ file: text.describe("A file, relative to the project") }),
]);
const size = z
  .string()
  .regex(/^\d{1,6}(?:\.\d{1,3})? ?(?:[KMGT]i?)?B$/, "expected a size as 8GiB or 500MB")
  .describe("A size as 8GiB or 500MB");
const cgroupParent = z
  .string()
  .min(1)
  .describe("The cgroup of the builder's machine in which its programs run");
const cpus = z.number().positive().describe("The most processors, as 2 or 1.5");
const platforms = z.array(text).min(1);

const stage = z
  .strictObject({
    lane: z
      .enum(["cross", "runtime"])
      .optional()
      .describe("Built on the build platform (default), or made for the target's platform"),
    kind: z
      .enum(["build", "recipe", "index"])
      .optional()
      .describe(
        "Built by BuildKit (default), assembled by this file's recipe, or the index at the end",
      ),
    perArch: z
      .boolean()
      .optional()
      .describe("Whether each architecture has an image; default shared"),
    arch: platforms.optional().describe("Only for these architectures"),
    parent: stageName.optional().describe("The stage it is built FROM, by digest"),
    from: text.optional().describe("Without a parent: the image from outside that it starts from"),
    inputs: z
      .record(z.string(), stageName)
      .optional()
      .describe("Further stages, by named context; for a recipe by base or artifact"),
    tag: text.describe(
      "With ${ARCH}, ${BUILD_ARCH}, ${HOST_SUFFIX}, ${HOST_MARK}, ${VARIANT}, ${VARIANT_SUFFIX} and variables",
    ),
    layout: text.optional().describe("The directory in which the image is saved"),
    optional: z.boolean().optional().describe("Built only when it is named"),
    variant: text.optional().describe("Only in this variant of chain.variants"),
    runsOn: z
      .enum(["build", "target"])
      .optional()
      .describe(
        "Where its programs run; default build in the cross lane, target in the runtime lane",
      ),
    dockerfile: text.optional().describe("Relative to the project"),
    context: text.optional().describe("The directory that BuildKit sees; default the project"),
    target: text.optional().describe("The stage of the Dockerfile"),
    parentArg: argument
      .optional()
      .describe("The build argument for the parent; default BASE_IMAGE"),
    args: z.record(argument, text).optional().describe("Build arguments"),
    secrets: z.record(text, secret).optional().describe("By the name that the Dockerfile mounts"),
    ssh: texts.optional().describe("Agents or keys, as default or NAME=PATH"),
    network: text.optional().describe("default, none or host"),
    addHosts: z.record(text, text).optional().describe("Addresses by host name"),
    cacheFrom: texts.optional().describe("In BuildKit's words, as type=registry,ref=…"),
    cacheTo: texts.optional().describe("In BuildKit's words, as type=registry,ref=…,mode=max"),
    memory: size.optional(),
    cpus: cpus.optional(),
    cgroupParent: cgroupParent.optional(),
  })
  .describe("One stage of the family");

/** What `oci-kit.yaml` says of stages: the sections `stages` and `chain`. */
export const stageSections = {
  stages: z
    .record(stageName, stage)
    .optional()
    .describe("The stages that oci-kit chain knows, by name: see docs/chain.md"),
  chain: z
    .strictObject({
      buildPlatforms: platforms
        .optional()
        .describe("Where stages may be built; the first (default linux/amd64) is in no tag's way"),
      variants: z
        .record(
          z.string().regex(/^[a-z][a-z0-9]{0,31}$/, "expected small letters and digits"),
          z.strictObject({
            parents: z
              .record(stageName, stageName)
              .optional()
              .describe("Who has another parent in this variant"),
            arch: platforms.optional().describe("Only for these architectures"),
            cross: z
              .boolean()
              .optional()
              .describe(
                "Whether it can be built for another architecture than the build platform's",
              ),
            pushFrom: platforms.optional().describe("The build platforms that may push it"),
          }),
        )
        .optional(),
      mirrors: z
        .record(argument, text)
        .optional()
        .describe("Build arguments that only say where packages come from, given with --mirrors"),
      args: z.record(argument, text).optional().describe("Build arguments of all stages"),
      memory: size.optional(),
      cpus: cpus.optional(),
      cgroupParent: cgroupParent.optional(),
    })
    .optional(),
};

export type StageDocument = z.infer<typeof stage>;
export type ChainDocument = NonNullable<z.infer<(typeof stageSections)["chain"]>>;
