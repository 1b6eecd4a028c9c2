const MAX_CHARACTERS = 200;

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&nbsp;': ' ',
};

/** Whether a body is a web page. */
export function isHtml(body: string): boolean {
  return /^\s*(<!doctype html|<html|<head|<body|<title|<\?xml)/i.test(body);
}

/** The title of a web page, else its first words. */
function pageText(html: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim();
  const text = title ? title : html.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return text.replace(/&#?\w+;/g, (entity) => ENTITIES[entity] ?? ' ');
}

/** Replaces passwords in URLs and values of secret-looking keys. */
function redact(text: string): string {
  return text
    .replace(/(:\/\/[^\s/:@]*):[^\s/@]+@/g, '$1:***@')
    .replace(/\b(basic|bearer)\s+[\w+/=.~-]{6,}/gi, '$1 ***')
    .replace(/\b(password|passwd|secret|token|signature|sig)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi, '$1$2***');
}

/** One line of at most 200 characters, redacted and without a final full stop; empty when the body says nothing. */
export function errorSentence(body: string): string {
  const text = isHtml(body) ? pageText(body) : body;
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/\s+/g, ' ').trim());
  const line = redact(lines.find((candidate) => candidate !== '') ?? '');
  const short = line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line;
  return short.replace(/\.$/, '');
}
