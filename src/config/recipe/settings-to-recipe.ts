// SPDX-License-Identifier: MIT
import type { HealthcheckSettings, ImageSettings } from "../../assemble/recipe/recipe.ts";
import type { Expander } from "../expand-variables.ts";
import type { SettingsDocument } from "../schema.ts";
import { parseDuration } from "./parse-values.ts";

/**
 * The settings under `config:`. All are expanded except `env`, whose values may use the environment of the
 * base.
 */
export function settingsOf(config: SettingsDocument, expander: Expander): ImageSettings {
  const { labels, entrypoint, cmd, user, workdir, volumes, ports, healthcheck } = config;
  const one = (value: string | undefined, key: string): string | undefined =>
    value === undefined ? undefined : expander.expand(value, ["config", key]);
  const each = (
    values: readonly string[] | undefined,
    key: string,
  ): readonly string[] | undefined =>
    values?.map((value, at) => expander.expand(value, ["config", key, at]));
  return {
    env: config.env,
    labels: labels && expander.expandMap(labels, ["config", "labels"]),
    entrypoint: each(entrypoint, "entrypoint"),
    cmd: each(cmd, "cmd"),
    user: one(user, "user"),
    workdir: one(workdir, "workdir"),
    volumes: each(volumes, "volumes"),
    ports: each(ports, "ports"),
    healthcheck: healthcheck && healthcheckOf(healthcheck, expander),
    stopSignal: one(config.stopSignal, "stopSignal"),
    author: one(config.author, "author"),
  };
}

function healthcheckOf(
  healthcheck: NonNullable<SettingsDocument["healthcheck"]>,
  expander: Expander,
): HealthcheckSettings {
  const { test, interval, timeout, startPeriod, startInterval, retries } = healthcheck;
  const words = typeof test === "string" ? ["CMD-SHELL", test] : test;
  const duration = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseDuration(text);
  return {
    test: words.map((word) => expander.expand(word, ["config", "healthcheck", "test"])),
    interval: duration(interval),
    timeout: duration(timeout),
    startPeriod: duration(startPeriod),
    startInterval: duration(startInterval),
    retries,
  };
}
