// SPDX-License-Identifier: MIT
import { escapeText, toText } from "../../../bytes/byte-string.ts";
import { isDigest, shortDigest } from "../../../oci/digest.ts";
import { quote } from "../../../oci/quote.ts";
import type { InputDifference } from "./explain-inputs.ts";
import type { Uncovered } from "./input-record.ts";

/** One difference as a line for people, without a newline: `content  linux/scripts/build.sh`. */
export function formatDifference(difference: InputDifference): string {
  switch (difference.kind) {
    case "file":
      return formatFile(difference);
    case "context": {
      const name = nameOfContext(difference.context);
      if (difference.previous === undefined) return `added  ${name}`;
      if (difference.now === undefined) return `removed  ${name}`;
      return difference.context === undefined
        ? `changed  ${name} (its files of last time are not known any more)`
        : `${name}  ${step(difference, short)}`;
    }
    case "argument":
      return `build arg  ${escapeText(difference.name)}: ${step(difference, quote)}`;
    case "parent":
      return `parent  ${escapeText(difference.name)}: ${step(difference, short)}`;
    case "dockerfile":
      return "Dockerfile  changed";
    case "target":
    case "platform":
    case "builder":
      return `${difference.kind}  ${step(difference, quote)}`;
  }
}

/** Why a key can't stand for a stage's inputs, as a line for people. */
export function formatUncovered({ kind, name, line }: Uncovered): string {
  const where = line === undefined ? "" : ` (line ${line} of the Dockerfile)`;
  const shown = escapeText(name);
  switch (kind) {
    case "secret":
      return `secret ${shown}: what it changes can't be told, so the stage is always built`;
    case "ssh":
      return `ssh ${shown}: what is fetched with it can't be told, so the stage is always built`;
    case "unpinned-image":
      return `${shown}${where}: no digest is known for this image`;
    case "download":
      return `${shown}${where}: it may be different each time; add --checksum=sha256:…`;
    case "foreign-frontend":
      return `syntax ${shown}: this frontend reads the Dockerfile in its own way`;
  }
}

function formatFile({
  context,
  path,
  change,
  previous,
  now,
}: Extract<InputDifference, { kind: "file" }>): string {
  const where = context === undefined ? "" : ` (${nameOfContext(context)})`;
  if (typeof change === "string") return `${change}  ${toText(path)}${where}`;
  const details = change.flatMap((one) => {
    if (one === "type") return [`${previous?.type ?? ""} -> ${now?.type ?? ""}`];
    return one === "mode" ? [`${octal(previous?.mode)} -> ${octal(now?.mode)}`] : [];
  });
  const how = details.length === 0 ? "" : ` ${details.join(", ")}`;
  return `${change.join(" and ")}  ${toText(path)}${how}${where}`;
}

function nameOfContext(context: string | undefined): string {
  return context === undefined ? "context" : `context ${escapeText(context)}`;
}

function octal(mode: number | undefined): string {
  return (mode ?? 0).toString(8).padStart(4, "0");
}

interface Step {
  readonly previous: string | null | undefined;
  readonly now: string | null | undefined;
}

function step({ previous, now }: Step, show: (value: string) => string): string {
  const shown = (value: string | null | undefined): string =>
    value === undefined ? "none" : value === null ? "unknown" : show(value);
  return `${shown(previous)} -> ${shown(now)}`;
}

function short(value: string): string {
  return isDigest(value) ? shortDigest(value) : quote(value);
}
