// Where the server is: below the folder that the page itself came from, which a proxy may have named.

const folderOf = (here: string): URL => new URL(".", here);

/** The address of one of the server's routes, which begin with a slash. */
export function addressOf(route: string, here: string = location.href): string {
  return new URL(`.${route}`, folderOf(here)).href;
}

/** A tile template as this page may ask for it, whatever host and path the server gives it by. */
export function tilesFrom(template: string, here: string = location.href): string {
  const found = /^https?:\/\/[^/]+.*(\/tiles\/.*)$/.exec(template);
  // Not through a URL, which would write the braces otherwise.
  return folderOf(here).href.replace(/\/$/, "") + (found?.[1] ?? template);
}
