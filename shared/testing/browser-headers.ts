/**
 * What Chromium 142 sends beside cookies and body with a `fetch` of the site's own page. Without TLS
 * it keeps the `Sec-` headers to itself, except towards this machine.
 *
 * {@link https://www.w3.org/TR/fetch-metadata/ Fetch Metadata},
 * {@link https://fetch.spec.whatwg.org/#origin-header the Origin header}
 */
export function headersOfChromium(method: string, origin: string): Record<string, string> {
  const secure = origin.startsWith("https:");
  return {
    "User-Agent":
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    Accept: "*/*",
    "Accept-Language": "en-US,en;q=0.9",
    Referer: `${origin}/`,
    ...(method !== "GET" && method !== "HEAD" && { Origin: origin }),
    ...(secure && {
      "sec-ch-ua": '"Chromium";v="142", "Not_A Brand";v="99"',
      "sec-ch-ua-mobile": "?0",
      "sec-ch-ua-platform": '"Linux"',
      "Sec-Fetch-Site": "same-origin",
      "Sec-Fetch-Mode": "cors",
      "Sec-Fetch-Dest": "empty",
    }),
  };
}

/** What Safari sent before 16.4: no `Sec-Fetch-` headers, and Origin with whatever changes something. */
export function headersOfOlderBrowsers(method: string, origin: string): Record<string, string> {
  return {
    "User-Agent":
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15",
    Accept: "*/*",
    Referer: `${origin}/`,
    ...(method !== "GET" && method !== "HEAD" && { Origin: origin }),
  };
}

const foreign = "https://mallory.example";
/** Who sends a form leaves the page. */
const navigation = {
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-User": "?1",
};

/** What browsers say of a page that is not the site's own, and sends it a form. */
export const foreignPages: readonly [what: string, headers: Record<string, string>][] = [
  ["another site", { ...navigation, "Sec-Fetch-Site": "cross-site", Origin: foreign }],
  [
    "another subdomain",
    { ...navigation, "Sec-Fetch-Site": "same-site", Origin: "https://blog.workshop.test" },
  ],
  ["another site, in a browser without Sec-Fetch-Site", { Origin: foreign }],
];

/** What those call themselves to which SameSite=None is not to be sent. Lax and Strict they know, or ignore. */
export const ancientBrowsers = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Safari/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36",
  "Mozilla/5.0 (Linux; U; Android 9; en-US) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.108 UCBrowser/12.13.0.1207 Mobile Safari/537.36",
];
