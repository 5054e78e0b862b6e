// What is in a picture, in a page; nothing leaves the machine. `npx vite` serves it.
import { openModel } from '@alexnet/model'

const [file, shown, answer] = ['file', 'shown', 'answer'].map((id) => document.getElementById(id))
const opening = openModel('cifar10')

file.addEventListener('change', async () => {
  shown.src = URL.createObjectURL(file.files[0])
  answer.textContent = '…'
  try {
    const found = await (await opening).classify(file.files[0], { topK: 3 })
    const lines = found.map(
      ({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`,
    )
    answer.textContent = lines.join('\n')
  } catch (error) {
    answer.textContent = error.message
  }
})
