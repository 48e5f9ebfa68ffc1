// SPDX-License-Identifier: MIT
import * as z from "zod";

const text = z.string();
const texts = z.array(text).min(1);
const path = z.string().regex(/^\/|^\$\{/, "expected an absolute path");
const paths = z.array(path).min(1);
const size = z
  .union([
    z.int().nonnegative(),
    z.string().regex(/^\d+(?:\.\d+)? ?(?:[kMGT]i?)?B?$/, "expected a size as 600MB or 2GiB"),
  ])
  .describe("Bytes, or a size as 600MB or 2GiB");
const architectures = z.array(text).min(1).describe("Only for these architectures");
const owner = z
  .string()
  .regex(/^\d{1,10}:\d{1,10}$/, 'expected numbers as "1001:1001"')
  .describe('User and group by number, as "1001:1001"');

const exemption = z.strictObject({
  path: text.describe(
    "A path with what is below it, or a pattern; a name, where the policy is about names",
  ),
  reason: z.string().min(1).describe("Why; it is printed"),
  arch: architectures.optional(),
});

const named = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "expected letters, digits and ._-")
    .describe("What findings and --force call it"),
  severity: z.enum(["error", "note"]).optional().describe("Default error; a note refuses nothing"),
  arch: architectures.optional(),
  when: z
    .record(z.string(), text)
    .optional()
    .describe("Only where these variables have these values"),
  exempt: z
    .array(exemption)
    .optional()
    .describe("What it does not hold for; one that exempts nothing is noted"),
};

const wanted = z.union([
  path,
  z.strictObject({
    path,
    atLeast: z.int().positive().optional().describe("How many have to match; default 1"),
    nonEmpty: z.boolean().optional().describe("Whether there has to be content in it"),
    type: z
      .enum(["file", "directory", "symlink", "character", "block", "fifo", "socket"])
      .optional(),
    arch: architectures.optional(),
  }),
]);

/** Every kind of policy has a key of its own, which says what it is about. */
export const policySchema = z.union([
  z.strictObject({
    ...named,
    links: z
      .array(
        z.strictObject({
          path,
          target: path.describe("Where it has to end"),
          through: paths.optional().describe("Paths that it has to lead over, in order"),
          arch: architectures.optional(),
        }),
      )
      .min(1),
  }),
  z.strictObject({
    ...named,
    architecture: z
      .array(
        z.union([
          path,
          z.strictObject({
            path,
            is: text.describe("Its own architecture, as arm64"),
            arch: architectures.optional(),
          }),
        ]),
      )
      .min(1)
      .describe(
        "Trees in which every ELF object is for one machine: the image's, unless said otherwise",
      ),
  }),
  z.strictObject({ ...named, present: z.array(wanted).min(1).describe("What has to be there") }),
  z.strictObject({ ...named, absent: paths.describe("What must not be there") }),
  z.strictObject({ ...named, stripped: paths.describe("ELF objects without a symbol table") }),
  z.strictObject({
    ...named,
    libraryPrecedence: paths.describe("Directories that ld.so.conf has before all others"),
  }),
  z.strictObject({
    ...named,
    privileges: z.array(path).describe("All files that may have setuid, setgid or capabilities"),
  }),
  z.strictObject({
    ...named,
    owners: z.array(z.strictObject({ path, owner, arch: architectures.optional() })).min(1),
  }),
  z.strictObject({
    ...named,
    danglingLinks: paths.describe("Trees without links that lead nowhere"),
  }),
  z.strictObject({
    ...named,
    worldWritable: paths.describe(
      "Trees in which not everybody may write, but in sticky directories",
    ),
  }),
  z.strictObject({
    ...named,
    configuration: z.strictObject({
      programs: z
        .array(z.enum(["entrypoint", "cmd", "healthcheck"]))
        .optional()
        .describe("Set, there, and executable"),
      user: text.optional(),
      workdir: path.optional().describe("Set, and a directory of the image"),
      volumes: paths.optional(),
      labels: z
        .record(z.string(), text)
        .optional()
        .describe("By key: the value, or a pattern with * and ?"),
      searchPath: z
        .boolean()
        .optional()
        .describe(
          "Whether every directory of the PATH has to be there, but those of the usual PATH",
        ),
    }),
  }),
  z.strictObject({
    ...named,
    environment: z.strictObject({
      values: z
        .record(z.string(), text)
        .optional()
        .describe("Variables and the values that they have"),
      variables: z
        .boolean()
        .optional()
        .describe("Whether those with the name of a variable of this file have its value"),
      forbidden: texts
        .optional()
        .describe(
          "NAME, or NAME=VALUE, with * and ?: what must not be there, as a build host's settings",
        ),
    }),
  }),
  z.strictObject({
    ...named,
    parity: paths.describe("Patterns that match the same paths for all architectures"),
  }),
  z.strictObject({
    ...named,
    provenance: texts.describe("Keys of annotations or labels that have to be recorded"),
  }),
  z.strictObject({
    ...named,
    size: z.strictObject({
      image: size.optional().describe("All layers, as they are transferred"),
      layer: size.optional().describe("Each layer, as it is transferred"),
      trees: z
        .array(z.strictObject({ path, most: size }))
        .optional()
        .describe("The files of a tree"),
    }),
  }),
]);

export type PolicyDocument = z.infer<typeof policySchema>;
export type ExemptionDocument = z.infer<typeof exemption>;
