/** Files chosen on one page and sent from the next; and uploads that go on while another page is shown. */
import { Uploads } from '../upload'

const sessions = new Map<number, Uploads>()

export function uploadsOf(capture: number): Uploads {
  let found = sessions.get(capture)
  if (!found) {
    found = new Uploads({ path: `/api/v1/captures/${capture}/pages`, entry: 'CAPTURE' })
    sessions.set(capture, found)
  }
  return found
}

export function handOver(capture: number, files: File[]) {
  uploadsOf(capture).add(files)
}
