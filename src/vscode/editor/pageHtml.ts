/** Where a page's own files are, and who may load them. */
export interface PageParts {
  /** The source that styles and fonts may come from, as a content security policy names it. */
  readonly source: string;
  /** A secret that marks the page's one script; new for each page. */
  readonly nonce: string;
  readonly script: string;
  readonly style: string;
}

/** Nothing but the page's own script and styles; pictures and the layout's worker are made by the page itself. */
function contentSecurityPolicy({ source, nonce }: Pick<PageParts, 'source' | 'nonce'>): string {
  const rules = {
    'default-src': `'none'`,
    'img-src': 'data: blob:',
    'font-src': source,
    'style-src': source,
    'script-src': `'nonce-${nonce}'`,
    'worker-src': 'blob:',
  };
  return Object.entries(rules)
    .map(([directive, allowed]) => `${directive} ${allowed}`)
    .join('; ');
}

/** The page's document. It holds nothing of the model; that comes in messages. */
export function pageHtml(parts: PageParts): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(parts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${parts.style}">
<title>Channelwise</title>
</head>
<body>
<cw-app></cw-app>
<script nonce="${parts.nonce}" src="${parts.script}"></script>
</body>
</html>`;
}
