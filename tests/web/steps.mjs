// What several stories need: steps that each tell on their own, small pictures, and files as a clerk brings them.
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGM4AQUMlDEACLEyAaio5RMAAAAASUVORK5CYII=', 'base64')

export const picture = name => ({ name, mimeType: 'image/png', buffer: Buffer.concat([PIXEL, Buffer.from(name)]) })

/** Steps in a row: one that fails does not hide the next; `end` tells of all that failed. */
export function steps(page, shot) {
  const failed = []
  return {
    async step(name, run) {
      page.setDefaultTimeout(8000)
      try {
        await run()
      } catch (bad) {
        failed.push(`${name}: ${bad.message.split('\n').slice(0, 6).join('\n')}`)
        await shot(page, `failed-${failed.length}`)
      }
    },
    end() { if (failed.length) throw new Error(failed.join('\n')) },
  }
}

const transferOf = (page, names) => page.evaluateHandle(([list, base64]) => {
  const transfer = new DataTransfer()
  for (const name of list) transfer.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0)), name], name, { type: 'image/png' }))
  return transfer
}, [names, PIXEL.toString('base64')])

export async function paste(page, names) {
  await page.evaluate(data => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })), await transferOf(page, names))
}

export async function drop(page, names) {
  await page.locator('.drop').first().dispatchEvent('drop', { dataTransfer: await transferOf(page, names) })
}

/** Opens the chooser of files by `open`, and leaves it without a choice. */
export async function chooseNothing(page, open) {
  const chooser = page.waitForEvent('filechooser')
  await open()
  await chooser
}

/** Whether the browser would ask before the page is left. */
export const asksBeforeLeaving = page => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
