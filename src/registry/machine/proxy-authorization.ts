// SPDX-License-Identifier: MIT

/** The value of `Proxy-Authorization` for the user and the password in a proxy's URL; undefined without them. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const pair = `${unescaped(username)}:${unescaped(password)}`;
  return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

/** As it is where it is no text with escapes: people put passwords into URLs as they are. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
