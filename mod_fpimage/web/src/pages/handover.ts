/** Files chosen on one page and sent from the next; and uploads that go on while another page is shown. */
import { Uploads } from '../upload'

const known = new Map<string, Uploads>()

function uploadsAt(home: string, path: string, entry: 'UPLOAD' | 'CAPTURE'): Uploads {
  const found = known.get(path) ?? new Uploads({ path, entry }, home)
  known.set(path, found)
  return found
}

export const uploadsOf = (capture: number) => uploadsAt(`/capture/${capture}`, `/api/v1/captures/${capture}/pages`, 'CAPTURE')
export const uploadsOfBill = (bill: number) => uploadsAt(`/bills/${bill}`, `/api/v1/bills/${bill}/files`, 'UPLOAD')

export function handOver(capture: number, files: File[]) {
  uploadsOf(capture).add(files)
}
