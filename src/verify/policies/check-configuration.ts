// SPDX-License-Identifier: MIT
import { escapeText, fromText, type ByteString } from "../../bytes/byte-string.ts";
import type { ExecutionConfig } from "../../oci/documents/image-config.ts";
import { checkCommands } from "../image/check-commands.ts";
import { USUAL_PATH } from "../image/check-directories.ts";
import { explainStop, follow, type Examination } from "../image/examination.ts";
import type { ImageFinding } from "../image/image-report.ts";
import { matchText } from "../../oci/match-text.ts";
import type { CommandRole, ConfigurationPolicy } from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

/** Compares the configuration of the image with what the policy says of it. */
export const beginConfiguration: BeginCheck<ConfigurationPolicy> = (policy, _, reporter) => ({
  finish(examination) {
    const { execution } = examination;
    checkPrograms(examination, policy.programs ?? [], reporter);
    checkText("user", policy.user, execution.User, reporter);
    checkWorkdir(examination, policy.workdir, reporter);
    for (const volume of policy.volumes ?? []) {
      if (Object.hasOwn(execution.Volumes ?? {}, volume)) continue;
      const has = Object.keys(execution.Volumes ?? {});
      reporter.tellOf(
        "wrong-setting",
        "volumes",
        `volumes: expected ${escapeText(volume)}, got ${has.map(escapeText).join(", ") || "none"}`,
      );
    }
    checkLabels(policy.labels ?? {}, execution.Labels ?? {}, reporter);
    if (policy.searchPath === true) checkSearchPath(examination, reporter);
  },
});

function checkText(
  setting: string,
  expected: string | undefined,
  got: string | undefined,
  reporter: Reporter,
): void {
  if (expected === undefined || expected === got) return;
  const shown = got === undefined || got === "" ? "none" : escapeText(got);
  reporter.tellOf(
    "wrong-setting",
    setting,
    `${setting}: expected ${escapeText(expected)}, got ${shown}`,
  );
}

function checkWorkdir(
  examination: Examination,
  expected: string | undefined,
  reporter: Reporter,
): void {
  if (expected === undefined) return;
  const got = examination.execution.WorkingDir;
  checkText("workdir", expected, got, reporter);
  const path = fromText(expected);
  const found = follow(examination, path);
  // Anything else than an absent directory is found without a policy too.
  if (found.node !== undefined || found.stop?.why !== "absent") return;
  reporter.tell("path-missing", path, `expected the working directory: ${explainStop(found)}`);
}

function checkLabels(
  expected: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
  reporter: Reporter,
): void {
  for (const [key, pattern] of Object.entries(expected)) {
    const got = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (got !== undefined && got !== "" && matchText(pattern, got)) continue;
    const shown = got === undefined ? "no such label" : `"${escapeText(got)}"`;
    const message = `label ${escapeText(key)}: expected ${escapeText(pattern)}, got ${shown}`;
    reporter.tellOf("wrong-setting", key, message);
  }
}

function checkSearchPath(examination: Examination, reporter: Reporter): void {
  const variable = examination.execution.Env?.findLast((line) => line.startsWith("PATH="));
  const directories = variable?.slice("PATH=".length).split(":") ?? [];
  if (directories.length === 0)
    reporter.tellOf("wrong-setting", "PATH", "PATH: expected one, got none");
  for (const directory of new Set(directories)) {
    if (USUAL_PATH.includes(directory)) continue;
    const path = fromText(directory);
    if (!directory.startsWith("/")) {
      const message = `PATH: expected absolute directories, got "${escapeText(directory)}"`;
      reporter.tellOf("wrong-setting", "PATH", message);
      continue;
    }
    const found = follow(examination, path);
    if (found.node?.type === "directory") continue;
    const why = found.node === undefined ? explainStop(found) : `it is a ${found.node.type}`;
    reporter.tell("search-path-missing", path, `is on the PATH: ${why}`);
  }
}

/** The command behind an entrypoint is its argument, and need be no program unless the policy says so. */
function checkPrograms(
  examination: Examination,
  roles: readonly CommandRole[],
  reporter: Reporter,
): void {
  const { execution } = examination;
  for (const role of roles) {
    if (!isSet(execution, role)) {
      reporter.tellOf("wrong-setting", role, `${role}: expected one, got none`);
    } else if (role === "cmd" && (execution.Entrypoint ?? []).length > 0) {
      // The others are looked for without a policy.
      const findings: ImageFinding[] = [];
      const alone = { ...execution, Entrypoint: [], Healthcheck: undefined };
      checkCommands({ ...examination, execution: alone, findings }, { uid: undefined, gids: [] });
      for (const { code, path, message } of findings) {
        if (code !== "command-missing" && code !== "command-not-executable") continue;
        const subject = path as ByteString;
        reporter.tell(code, subject, message.slice(message.indexOf(": ") + 2));
      }
    }
  }
}

function isSet({ Entrypoint, Cmd, Healthcheck }: ExecutionConfig, role: CommandRole): boolean {
  if (role === "healthcheck") return !["NONE", undefined].includes(Healthcheck?.Test?.[0]);
  return ((role === "cmd" ? Cmd : Entrypoint) ?? []).length > 0;
}
