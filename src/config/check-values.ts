// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import { parsePlatform } from "../oci/platform.ts";
import { quote } from "../oci/quote.ts";
import { parseReference, parseTag } from "../oci/reference.ts";
import { meantArchitecture } from "./architectures.ts";
import type { KeyPath } from "./configuration.ts";
import { checkPolicies } from "./policies/check-policies.ts";
import type { ConfigurationDocument } from "./schema.ts";

/**
 * Checks the variables given from outside the file. Without this check a mistyped name would go unnoticed,
 * and the value from the file would be used.
 * @throws OciError `invalid-argument`
 */
export function checkGiven(
  given: Readonly<Record<string, string>>,
  document: ConfigurationDocument,
  file: string,
): void {
  const declared = Object.keys(document.variables ?? {});
  const text = JSON.stringify(document);
  const unknown = Object.keys(given).find(
    (name) => !declared.includes(name) && (isBuiltIn(name) || !text.includes(`\${${name}}`)),
  );
  if (unknown === undefined) return;
  const why = isBuiltIn(unknown) ? "which follows from the architecture" : "which is nowhere in it";
  throw new OciError(
    "invalid-argument",
    `--set: expected a variable of ${file} (${declared.join(", ") || "there is none"}), got ${quote(unknown)}, ${why}`,
    { details: { variable: unknown, variables: declared } },
  );
}

function isBuiltIn(name: string): boolean {
  return name === "ARCH" || name === "TRIPLET";
}

/**
 * Checks what the schema can't express: the repository has no tag, each architecture is a valid platform, no
 * name is used twice, and there are no variables where none are expanded. Returns the complaints, each with
 * its place in the file.
 */
export function checkValues(
  document: ConfigurationDocument,
  locate: (path: KeyPath) => string,
): string[] {
  const { image, architectures, layers = [] } = document;
  const wrong: string[] = literalTexts(document)
    .filter(({ text }) => text.includes("${"))
    .map(({ path }) => `${locate(path)}: expected text without \${NAME}: no variable counts here`);
  const check = (path: KeyPath, holds: () => unknown): void => {
    try {
      holds();
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      wrong.push(`${locate(path)}: ${error.message}`);
    }
  };
  if (image !== undefined) check(["image"], () => checkRepository(image));
  for (const [tag, names] of Object.entries(document.aliases ?? {})) {
    check(["aliases", tag], () => parseTag(tag));
    names.forEach((name, at) => check(["aliases", tag, at], () => checkAlias(name, tag)));
  }
  architectures.forEach((architecture, at) => {
    check(["architectures", at], () => parsePlatform(architecture));
    const meant = meantArchitecture(architecture);
    if (meant !== undefined) {
      wrong.push(
        `${locate(["architectures", at])}: unknown architecture ${architecture}; did you mean ${meant}?`,
      );
    }
    if (architectures.indexOf(architecture) < at) {
      wrong.push(`${locate(["architectures", at])}: ${architecture} is there twice`);
    }
  });
  layers.forEach(({ name }, at) => {
    if (layers.findIndex((other) => other.name === name) < at) {
      wrong.push(`${locate(["layers", at, "name"])}: there is another layer ${name}`);
    }
  });
  return [...wrong, ...checkPolicies(document, locate)];
}

/** The texts that apply to all architectures. Variables in them are not expanded. */
function literalTexts(
  document: ConfigurationDocument,
): readonly { readonly path: KeyPath; readonly text: string }[] {
  const { image, output, provenance, annotations = {}, config = {} } = document;
  const values: readonly (readonly [KeyPath, string | undefined])[] = [
    [["image"], image],
    [["output"], output],
    ...Object.entries(provenance?.keys ?? {}).map(
      ([key, text]) => [["provenance", "keys", key], text] as const,
    ),
    ...Object.keys(annotations).map((key) => [["annotations", key], key] as const),
    ...Object.keys(config.labels ?? {}).map((key) => [["config", "labels", key], key] as const),
  ];
  return values.flatMap(([path, text]) => (text === undefined ? [] : { path, text }));
}

function checkAlias(name: string, tag: string): void {
  if (parseTag(name) !== tag) return;
  throw new OciError("invalid-reference", `expected another tag than ${tag} itself`);
}

function checkRepository(image: string): void {
  const { tag, digest } = parseReference(image);
  if (tag === undefined && digest === undefined) return;
  throw new OciError(
    "invalid-reference",
    `expected a repository without a tag, got ${JSON.stringify(image)}`,
  );
}
