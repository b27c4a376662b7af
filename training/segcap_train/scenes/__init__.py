"""Generated scenes: meshes, materials, camera, light, renderer, captions."""
