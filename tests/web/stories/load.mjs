// How much the first visit loads, and that the next ones take all but the page itself and the data from the cache.
export default async ({ open, url, login, password, sure, shot }) => {
  const page = await open('/login')
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  let loads = []
  const byId = new Map()
  cdp.on('Network.responseReceived', ({ requestId, response }) => { byId.set(requestId, { path: new URL(response.url).pathname, isCached: !!(response.fromDiskCache || response.fromPrefetchCache), bytes: 0 }); loads.push(byId.get(requestId)) })
  cdp.on('Network.requestServedFromCache', ({ requestId }) => { const one = byId.get(requestId); if (one) one.isCached = true; else byId.set(requestId, { path: '', isCached: true, bytes: 0 }) })
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { const one = byId.get(requestId); if (one) one.bytes = encodedDataLength })
  const visit = async path => {
    loads = []
    await page.goto(`${url}/imgsys-web/${path}`)
    await page.waitForLoadState('networkidle')
    return { bytes: loads.reduce((all, one) => all + one.bytes, 0), assets: loads.filter(one => one.path.includes('/assets/')), all: loads.length }
  }
  await cdp.send('Network.clearBrowserCache')
  const first = await visit('login')
  await page.evaluate(async ([who, secret]) => { await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: secret }) }) }, [login, password])
  const home = await visit('home')
  const again = await visit('home')
  sure(first.assets.length > 0 && first.bytes < 330 * 1024, `the first load is ${first.bytes} bytes`)
  sure(again.assets.every(one => one.isCached || one.bytes === 0), `loaded again: ${JSON.stringify(again.assets)}`)
  sure(again.bytes < 20 * 1024, `a later load is ${again.bytes} bytes`)
  await shot(page, 'home')
  return { first: first.bytes, home: home.bytes, again: again.bytes }
}
