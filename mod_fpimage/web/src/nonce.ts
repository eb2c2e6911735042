/** What the server has put into this answer's policy for styles; see lib/service/web.h. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content
