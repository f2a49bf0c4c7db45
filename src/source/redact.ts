/** URLs as messages, receipts and logs may show them. */

/** Parameters that carry a right, as presigned URLs and tokens do. Rather one too many than one too few. */
const secretParameter = /token|secret|passw|auth|credential|signature|^sig$|key|session|^code$|^jwt$/i;

/** The URL without user, password and fragment, and with the values of parameters that carry a right replaced. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  if (shown.search === "") return shown.href;
  // By hand: URLSearchParams would rewrite the escapes of parameters that stay as they are.
  shown.search = shown.search
    .slice(1)
    .split("&")
    .map((pair) => {
      const name = pair.split("=", 1)[0] ?? "";
      return secretParameter.test(decoded(name)) ? `${name}=***` : pair;
    })
    .join("&");
  return shown.href;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
