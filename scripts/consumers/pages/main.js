import { classify } from './classify.js'

const { model } = Object.fromEntries(new URLSearchParams(location.search))
classify({ picture: 'picture.png', model })
  .catch((error) => ({ error: `${error.name}: ${error.message}` }))
  .then((answer) => {
    document.title = JSON.stringify(answer)
  })
