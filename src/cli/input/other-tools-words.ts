// SPDX-License-Identifier: MIT

/** What crane, skopeo, umoci and docker call a command, and how it is typed here. */
export const OTHER_COMMANDS: ReadonlyMap<string, string> = new Map([
  ["attach", "oci-kit artifact attach REF FILE… --type TYPE"],
  ["auth", "oci-kit login HOST"],
  ["build", "oci-kit assemble"],
  ["discover", "oci-kit referrers REF"],
  ["gc", "oci-kit prune oci:DIR"],
  ["insert", "oci-kit append BASE DST --layer DIR"],
  ["list-tags", "oci-kit tags HOST/REPOSITORY"],
  ["load", "oci-kit copy docker-archive:FILE DST"],
  ["mutate", "oci-kit config SRC DST"],
  ["pull", "oci-kit copy HOST/REPOSITORY:TAG oci:DIR:TAG"],
  ["push", "oci-kit copy oci:DIR:TAG HOST/REPOSITORY:TAG"],
  ["repack", "oci-kit pack DIR REF"],
  ["remove", "oci-kit delete REF"],
  ["repositories", "oci-kit catalog HOST"],
  ["rm", "oci-kit delete REF"],
  ["save", "oci-kit copy SRC docker-archive:FILE"],
  ["sync", "oci-kit copy SRC DST"],
  ["tag", "oci-kit retag SRC TAG"],
  ["validate", "oci-kit verify REF"],
  ["version", "oci-kit --version"],
]);

/** What these tools call a flag, and the flag of the same meaning here. */
export const OTHER_FLAGS: ReadonlyMap<string, string> = new Map([
  ["--arch", "--platform"],
  ["--ca-file", "--ca"],
  ["--dest-tls-verify", "--insecure"],
  ["--override-arch", "--platform"],
  ["--override-os", "--platform"],
  ["--src-tls-verify", "--insecure"],
  ["--tls-verify", "--insecure"],
]);

/** What `find` of the shell calls a flag, and what `oci-kit find` does. */
export const FIND_FLAGS: ReadonlyMap<string, string> = new Map([
  ["-iname", "--name"],
  ["-name", "--name"],
  ["-newer", "--newer"],
  ["-newermt", "--newer"],
  ["-path", "--path"],
  ["-perm", "--mode"],
  ["-size", "--size"],
  ["-type", "--type"],
  ["-uid", "--owner"],
  ["-user", "--owner"],
  ["-wholename", "--path"],
]);
